import type { RelayChild } from './relay-child.ts';

/** What comes of `promise`; or throws, after so many ms, what was waited for in vain, and the relay's last words. */
export async function inTime<T>(what: string, ms: number, promise: Promise<T>, relay: () => RelayChild): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const last = relay().output().split('\n').slice(-15).join('\n  ');
    late.reject(new Error(`waited in vain for ${ms / 1000} s: ${what}. The relay's last words:\n  ${last}`));
  }, ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
