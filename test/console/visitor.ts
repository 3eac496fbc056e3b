/** A browser without script, as far as a console needs one: it keeps cookies, and sends a form with its hidden fields. */

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

export type Visitor = ReturnType<typeof createVisitor>;

export function createVisitor(url: string) {
  const cookies = new Map<string, string>();
  let hidden: Record<string, string> = {};

  async function ask(path: string, init: RequestInit): Promise<Answer> {
    const headers = new Headers(init.headers);
    const kept = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    if (kept !== '' && !headers.has('cookie')) headers.set('cookie', kept);
    const response = await fetch(url + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=');
      if (/max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  async function post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    return ask(path, { method: 'POST', body: new URLSearchParams(fields), headers });
  }

  return {
    cookies,
    /** As it stands, without any proof. */
    post,
    async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
      const answer = await ask(path, { headers });
      hidden = hiddenIn(answer.text);
      return answer;
    },
    /** With the proof that the page last got holds. */
    submit: (path: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}) => {
      const { csrf, form } = hidden;
      return post(path, { ...(csrf === undefined ? {} : { csrf }), ...(form === undefined ? {} : { form }), ...fields }, headers);
    },
  };
}

function hiddenIn(page: string): Record<string, string> {
  const found = page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
  return Object.fromEntries([...found].map(([, name, value]) => [name!, value!]));
}
