/**
 * A load generator in a process of its own: `connections` sockets, each sending its next request when the last one was
 * answered. Raw sockets and requests made beforehand, so that on two cores the server and not the generator is measured.
 *
 * Run by `fork` (see `run-load.ts`); takes one `LoadOrder` message, answers with one `LoadResult`.
 */
import { connect } from 'node:net';
import { requestBytes } from './request.ts';

export interface LoadOrder {
  port: number;
  connections: number;
  /** Not measured, at the start, s. */
  warmUpSeconds: number;
  seconds: number;
  /** Made before the clock starts. What goes beyond is made as it is sent, which costs the generator time. */
  prepared: number;
  /** Sends the prepared ones over and over: for a server that doesn't look at them. */
  repeat: boolean;
  /** When the stream of events begins, epoch ms. */
  startMs: number;
}

export interface LoadResult {
  /** By HTTP status, warm-up included. */
  answers: Record<string, number>;
  /** Answers in the measured time. */
  measured: number;
  perSecond: number;
  /** From writing a request to its whole answer, ms. */
  latency: { p50: number; p99: number; max: number };
  /** Share of one core that the generator itself took: near 1 it may have been the slower side. */
  generatorLoad: number;
}

/** Room for an answer; ours have about 300 bytes. */
const answerBytes = 4096;

async function runLoad({ port, connections, warmUpSeconds, seconds, prepared, repeat, startMs }: LoadOrder): Promise<LoadResult> {
  const requests = Array.from({ length: prepared }, (_, n) => requestBytes(startMs, n));
  let sent = 0;
  const next = () => (repeat ? requests[sent % prepared] : requests[sent]) ?? requestBytes(startMs, sent);
  const answers: Record<string, number> = {};
  const latencies: number[] = [];
  const measureFrom = performance.now() + warmUpSeconds * 1000;
  const endsAt = measureFrom + seconds * 1000;

  function client(): Promise<void> {
    return new Promise((resolve, reject) => {
      const answer = Buffer.alloc(answerBytes);
      let sentAt = 0;
      let earlier = '';
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: answer,
          callback(length) {
            const text = earlier + answer.toString('latin1', 0, length);
            earlier = isWhole(text) ? '' : text;
            if (earlier !== '') return true;
            const now = performance.now();
            if (now >= measureFrom && now < endsAt) latencies.push(now - sentAt);
            const status = text.slice(9, 12);
            answers[status] = (answers[status] ?? 0) + 1;
            if (now < endsAt) send();
            else socket.end(resolve);
            return true;
          },
        },
      });
      const send = () => {
        const request = next();
        sent++;
        sentAt = performance.now();
        socket.write(request);
      };
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('end', () => reject(new Error(`the server closed a connection; answers so far: ${JSON.stringify(answers)}`)));
    });
  }

  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, client));
  const { user, system } = process.cpuUsage(cpu);
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    answers,
    measured: sorted.length,
    perSecond: sorted.length / seconds,
    latency: { p50: at(0.5), p99: at(0.99), max: at(1) },
    generatorLoad: (user + system) / 1000 / (performance.now() - startedAt),
  };
}

/** Whether this is an answer with its body; one connection has one answer under way. */
function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const at = text.search(/content-length: /i);
  return at === -1 || at > headEnd || text.length >= headEnd + 4 + Number.parseInt(text.slice(at + 16, at + 26), 10);
}

process.once('message', (order: LoadOrder) => {
  void runLoad(order).then((result) => {
    process.send!(result);
    process.disconnect();
  });
});
