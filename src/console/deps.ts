/** What pages are made with. */
import type { RequestReader } from '../http/read-request.ts';
import type { SilencesInForce } from '../incident/silences.ts';
import type { Operations } from '../operate/operations.ts';
import type { Clock, Log } from '../ports.ts';

export interface PageDeps {
  operations: Operations;
  silences: SilencesInForce;
  clock: Clock;
  log: Log;
  reader: RequestReader;
}
