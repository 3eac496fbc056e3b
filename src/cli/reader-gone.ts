/** Aborted when nobody reads the standard output any more: `| head` has seen enough, and what comes is made for nobody. */
export function readerGone(): AbortSignal {
  const gone = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    gone.abort();
  });
  return gone.signal;
}
