/** Where a relay is to listen that is stopped and started again, so that it has to be the same port each time. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Linux hands out ports from 32768 on by itself (`net.ipv4.ip_local_port_range`), and IANA says from 49152 on. */
const from = 20_000;
const below = 30_000;
const maxTries = 50;

/**
 * A port that nobody listens on, below those that the system hands out: one of these could go to somebody's outgoing connection
 * before the relay listens, or while it is away; on loopback even to a connection to itself. Throws when none is found.
 */
export async function freePort(host: string): Promise<number> {
  for (let tries = 0; tries < maxTries; tries++) {
    const port = randomInt(from, below);
    if (await isFree(host, port)) return port;
  }
  throw new Error(`no free TCP port from ${from} to ${below - 1} on ${host} in ${maxTries} tries`);
}

async function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer().listen(port, host);
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
