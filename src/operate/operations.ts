/**
 * What operators can see and do, whichever way they ask: the API (`src/http/api`) and the console (`src/console`) are two
 * faces of this one thing. Everything is synchronous, since the store is, and answers with a view (`shapes/views.ts`).
 */
import type { DeliveryFilter, EventFilter, IncidentFilter, Paging } from './shapes/query.ts';
import type {
  BulkAnswerView,
  DeliveryDetailView,
  DeliveryPageView,
  DeliverySummaryView,
  DestinationView,
  EventBodyView,
  EventDetailView,
  EventPageView,
  EventSummaryView,
  ExplanationView,
  IncidentDetailView,
  IncidentPageView,
  ReplayAnswerView,
  RulesView,
  StatsView,
} from './shapes/views.ts';

/** `detail`: what was wrong and what to do, for whoever asked. `field`: which part of the request is meant. */
export interface Refusal {
  kind: 'refused';
  status: 'not-found' | 'conflict' | 'invalid' | 'busy';
  field: string | null;
  detail: string;
}

export type Answered<T> = { kind: 'ok'; value: T } | Refusal;

export interface ReplayRequest {
  /** Only to these destinations; null: wherever the rules send. */
  to: readonly string[] | null;
  /** Even though it was replayed before. */
  again: boolean;
  /** Only says what would be done. */
  dryRun: boolean;
}

export interface EventOperations {
  list(filter: EventFilter, paging: Paging): Answered<EventPageView>;
  show(id: string): Answered<EventDetailView>;
  /** No more than what came, however much there is to say of it. */
  body(id: string): Answered<EventBodyView>;
  replay(id: string, request: ReplayRequest): Answered<ReplayAnswerView>;
  /** Events that are taken from now on, or after the one with the id `after`, in batches as they come. Ends with `signal`. */
  follow(filter: EventFilter, after: string | null, signal: AbortSignal): Answered<AsyncIterable<readonly EventSummaryView[]>>;
}

export interface DeliveryOperations {
  list(filter: DeliveryFilter, paging: Paging): Answered<DeliveryPageView>;
  show(id: string): Answered<DeliveryDetailView>;
  /** Sends a dead one again; makes one that waits for its time due now. */
  retry(id: string): Answered<DeliverySummaryView>;
  /** Ends one that is dead or has not been sent, as suppressed with the reason `discarded`. */
  discard(id: string): Answered<DeliverySummaryView>;
  /** One step of a bounded size; `before` is the `next` of the step before. */
  bulk(
    action: 'retry' | 'discard',
    filter: DeliveryFilter,
    step: { dryRun: boolean; before: string | null },
  ): Answered<BulkAnswerView>;
}

export interface Operations {
  events: EventOperations;
  deliveries: DeliveryOperations;
  incidents: {
    list(filter: IncidentFilter, paging: Paging): Answered<IncidentPageView>;
    show(id: string): Answered<IncidentDetailView>;
  };
  destinations: {
    list(): DestinationView[];
    show(name: string): Answered<DestinationView>;
    /** Lets a parked one try again at once. */
    unpark(name: string): Answered<DestinationView>;
  };
  rules(): RulesView;
  /** What the rules make of a body as Narrative would send it; it need not have come. `subscription`: null for the first. */
  explain(body: Uint8Array, subscription: string | null): Answered<ExplanationView>;
  /** Epoch ms; null: the last 24 h. */
  stats(range: { fromMs: number | null; untilMs: number | null }): Answered<StatsView>;
}
