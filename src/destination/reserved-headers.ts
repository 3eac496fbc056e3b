/** Headers that say what the relay vouches for, or that belong to the connection. Also for checking the configuration. */
export function isReservedHeader(name: string): boolean {
  return /^(webhook-.*|(x-)?narrative-relay-.*|host|connection|content-length|transfer-encoding|expect|upgrade)$/i.test(name);
}
