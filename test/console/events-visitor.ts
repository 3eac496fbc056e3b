/** Somebody who is signed in, whose browser runs no script: pages, links and forms, over real HTTP. */
import { tagsIn, textIn } from './markup.ts';
import { createVisitor, type Answer } from './visitor.ts';

export const adminToken = 'console-test-operator-token-not-real';

export interface Shown {
  status: number;
  headers: Headers;
  markup: string;
  /** As it reads. */
  text: string;
  title: string;
}

export type SignedIn = Awaited<ReturnType<typeof signedIn>>;

export async function signedIn({ url }: { url: string }) {
  const browser = createVisitor(url);
  await browser.get('/console/sign-in');
  const { status } = await browser.submit('/console/sign-in', { token: adminToken });
  if (status !== 303) throw new Error(`signing in was answered with ${status}`);

  /** Follows redirects, as a browser does. `path`: from the root. */
  async function get(path: string, headers: Record<string, string> = {}): Promise<Shown> {
    const answer = await browser.get(path, headers);
    const to = answer.headers.get('location');
    return answer.status === 303 && to !== null ? get(to, headers) : shownOf(answer);
  }

  /** For what is no page: streams, other methods, fields that come several times. */
  function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return fetch(url + path, { ...init, headers: { cookie, ...(init.headers as Record<string, string>) } });
  }

  return {
    get,
    fetch: ask,
    /** Fills in a form of the page: its hidden fields go along. Gives the page that it leads to. */
    async send(page: Shown, action: string, fields: [string, string][] = []): Promise<Shown> {
      const form = new RegExp(`<form[^>]*action="${action}"[^]*?</form>`).exec(page.markup)?.[0];
      if (form === undefined) throw new Error(`the page has no form that goes to ${action}`);
      const hidden = tagsIn(form)
        .filter(({ attributes }) => attributes.type === 'hidden')
        .map(({ attributes: { name = '', value = '' } }): [string, string] => [name, value]);
      const body = new URLSearchParams([...hidden, ...fields]);
      const response = await ask(action, { method: 'POST', body, redirect: 'manual' });
      const { status, headers } = response;
      const to = headers.get('location');
      if (status !== 303 || to === null) return shownOf({ status, headers, text: await response.text() });
      // What was done is said on the page that follows.
      for (const line of headers.getSetCookie()) {
        const [name = '', value = ''] = line.split(';', 1)[0]!.split('=');
        browser.cookies.set(name, value);
      }
      return get(to);
    },
  };
}

function shownOf({ status, headers, text: markup }: Answer): Shown {
  const title = textIn(/<title>([^<]*)<\/title>/.exec(markup)?.[1] ?? '');
  return { status, headers, markup, text: textIn(markup), title };
}
