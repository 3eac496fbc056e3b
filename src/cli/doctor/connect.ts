/** Whether something takes connections, without saying anything to it. */
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describeFailure } from '../../destination/http-client.ts';
import { ok, problem, skipped, type Told } from '../../narrative/check-told.ts';

export interface ConnectionChecked {
  told: Told;
  reached: boolean;
}

const timeoutMs = 10_000;

/** Looks the name up and connects; for https with TLS and a look at the certificate. Names the host only: a path can be a secret. */
export async function checkConnection(url: string): Promise<ConnectionChecked> {
  const { protocol, hostname, host, port } = new URL(url);
  if (usesProxy(process.env)) {
    const detail = `requests to ${host} go through a proxy here, so whether it takes connections was not looked at`;
    return { told: skipped(detail), reached: true };
  }
  const isTls = protocol === 'https:';
  const name = hostname.replace(/^\[|\]$/g, '');
  const target = { host: name, port: Number(port) || (isTls ? 443 : 80) };
  const failure = await tryToConnect(
    () => (isTls ? connectTls({ ...target, ...(isAddress(name) ? {} : { servername: name }) }) : connectPlain(target)),
    isTls ? 'secureConnect' : 'connect',
    host,
  );
  if (failure !== null)
    return { told: problem(failure, 'look from where the relay runs, at the name and at firewalls'), reached: false };
  return { told: ok(`${host} takes ${isTls ? 'TLS ' : ''}connections; nothing was sent`), reached: true };
}

/** Null when it worked, else why not. */
async function tryToConnect(begin: () => Socket, connected: string, host: string): Promise<string | null> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const socket = begin();
  try {
    await once(socket, connected, { signal: deadline });
    return null;
  } catch (error) {
    return deadline.aborted ? `no connection to ${host} within ${timeoutMs / 1000} s` : describeFailure(error, host).detail;
  } finally {
    socket.on('error', () => {}); // What comes after the answer is of no interest.
    socket.destroy();
  }
}

/** A certificate names hosts; asking for an address by name is refused. Source: RFC 6066 §3. */
function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}

/** As Node's `fetch` takes it. Source: nodejs.org/api/cli.html#node_use_env_proxy1. */
function usesProxy(environment: NodeJS.ProcessEnv): boolean {
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'];
  return environment.NODE_USE_ENV_PROXY === '1' && proxies.some((name) => environment[name]);
}
