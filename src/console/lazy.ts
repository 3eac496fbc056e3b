/** The console, loaded when somebody first asks for it: a relay whose console nobody opens spends neither time nor memory on it. */
import { Hono } from 'hono';
import type { ConsoleOptions } from './console.ts';

/** To be mounted at `/console`, in place of `createConsole`. */
export function createLazyConsole(options: ConsoleOptions): Hono {
  let loaded: Promise<Hono> | null = null;
  const load = async () => {
    const { createConsole } = await import('./console.ts');
    return new Hono({ strict: false }).route('/console', createConsole(options));
  };
  const loading = () =>
    (loaded ??= load().catch((error: unknown) => {
      // Whatever stood in the way may have passed when the next asks.
      loaded = null;
      throw error;
    }));
  return new Hono().all('*', async (context) => {
    const console = await loading();
    return console.fetch(context.req.raw, context.env);
  });
}
