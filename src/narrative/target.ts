/** Where at this relay the URL of a subscription leads: which route, which name, which url-token. */

export type Target =
  | { kind: 'elsewhere' }
  /** `…/webhooks/narrative`: the relay finds the subscription by its secret. */
  | { kind: 'common' }
  /** `token`: what stands behind the name, a secret; null: nothing. */
  | { kind: 'named'; name: string; token: string | null };

/** `publicUrl`: where this relay is reached. Case of the host, usual ports, slashes at the end and queries make no difference. */
export function targetOf(url: string, publicUrl: string): Target {
  const base = URL.parse(publicUrl);
  const given = URL.parse(url);
  if (!base || !given || given.host !== base.host || given.protocol !== base.protocol) return { kind: 'elsewhere' };
  const route = [...segmentsOf(base), 'webhooks', 'narrative'];
  const segments = segmentsOf(given);
  if (!route.every((segment, i) => segments[i] === segment)) return { kind: 'elsewhere' };
  const [name, token = null, ...more] = segments.slice(route.length);
  if (name === undefined) return { kind: 'common' };
  return more.length > 0 ? { kind: 'elsewhere' } : { kind: 'named', name, token };
}

/** For people: without what can be a secret, which is a query, a user, and whatever in the path is long or stands behind a name. */
export function shownUrl(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed) return '(no URL)';
  const segments = segmentsOf(parsed);
  const route = segments.findIndex((segment, i) => segment === 'webhooks' && segments[i + 1] === 'narrative');
  const shown = segments.map((segment, i) => (segment.length > longestShown || (route !== -1 && i > route + 2) ? '…' : segment));
  return [parsed.origin, ...shown].join('/');
}

const longestShown = 20;

/** An empty one in the middle stays: nothing of this relay is there. */
function segmentsOf({ pathname }: URL): string[] {
  const path = pathname.replace(/\/+$/, '');
  return path === '' ? [] : path.slice(1).split('/').map(decoded);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Reached from this machine alone: no secret leaves it, so plain http will do. */
export function isLoopback(url: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(URL.parse(url)?.hostname ?? '');
}
