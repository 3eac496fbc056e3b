/** Where to go after signing in. It comes from the address, which anybody can have made: only a page of the console will do. */

export const home = '/console';

/** The way in and out; what follows without an end, and what is saved in place of being shown. */
const noPage = /^\/console\/(?:sign-(?:in|out)|events\/(?:tail|[^/]+\/body)\/?$|assets\/)/;

const somewhere = 'http://relay.invalid';

/** Path and query of a page of the console; `home` for anything else. */
export function safeNext(next: string | null | undefined): string {
  if (!next || next.length > 2_000 || !next.startsWith('/console')) return home;
  const [path = ''] = next.split(/[?#]/);
  // What browsers take for a slash or drop, and what a proxy might decode.
  if (/[\\\p{Cc}]|\/\/|%(?:2f|5c|00)/iu.test(path) || /[\\\p{Cc}]/u.test(next)) return home;
  const url = URL.parse(next, somewhere);
  // A path that changes as it is read has `..` in it, in one spelling or another.
  if (url?.origin !== somewhere || url.pathname !== path) return home;
  if (!/^\/console(?:\/|$)/.test(path) || noPage.test(decoded(path))) return home;
  return path + url.search;
}

/** As the router reads it. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
