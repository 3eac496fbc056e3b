/** Views as the operations give them, and operations that give them: a quiet relay, unless a test says otherwise. */
import type { Operations } from '../../src/operate/operations.ts';
import { notFound, ok } from '../../src/operate/text.ts';
import type { DestinationView, IncidentDetailView, IncidentView, RulesView, StatsView } from '../../src/operate/shapes/views.ts';

const hourMs = 3_600_000;

export interface Shown {
  stats: StatsView;
  rules: RulesView;
  incidents: IncidentDetailView[];
  destinations: DestinationView[];
}

export const quietStats: StatsView = {
  from: '2026-02-28T03:00:00.000Z',
  until: '2026-03-01T03:00:00.000Z',
  hours: Array.from({ length: 24 }, (_, i) => ({
    at: new Date(Date.parse('2026-02-28T03:00:00Z') + i * hourMs).toISOString(),
    events: {},
    states: {},
    deliveries: {},
  })),
  now: { incidents_open: 0, pending: 0, oldest_due_at: null, dead: 0, parked: 0, silences: 0, last_event_at: null },
};

export const quietRules: RulesView = {
  version: 'v1',
  loaded_at: '2026-02-28T03:00:00.000Z',
  problems: [],
  subject: null,
  rules: [],
  unmatched: null,
  mutes: [],
  subscriptions: [],
};

export const someIncident: IncidentView = {
  id: 'inc_1M7ZPRB9M00',
  kind: 'subject',
  subject: 'datasets_deliver_data/10736',
  status: 'open',
  opened_at: '2026-03-01T02:12:00.000Z',
  last_at: '2026-03-01T02:36:00.000Z',
  ended_at: null,
  failures: 3,
  first_said: 'out of memory',
  last_said: 'out of memory: 12 GiB asked for, 8 GiB left',
  opened_by: 'evt_1M7ZPRB9M00',
  ended_by: null,
  silenced_by: null,
  job_type: 'datasets_deliver_data',
  match: { dataset_ids: ['10736'] },
};

export const someDestination: DestinationView = {
  name: 'data-eng',
  type: 'slack',
  in_rules: true,
  fallback: 'triage',
  pending: 0,
  oldest_due_at: null,
  dead: 0,
  parked: null,
};

export const detailOf = (incident: IncidentView, match: Record<string, unknown> | null): IncidentDetailView => ({
  ...incident,
  rules: [],
  events: [],
  told_in: null,
  match,
});

/** What a console that is looked at here never asks for is refused. */
export function quietOperations(shown: Partial<Shown> = {}): Operations & { unparked: string[] } {
  const { stats = quietStats, rules = quietRules, incidents = [], destinations = [] } = shown;
  const unparked: string[] = [];
  const none = (what: string) => (id: string) => notFound(what, id);
  return {
    unparked,
    events: {
      list: () => ok({ events: [], next: null, searched_to: null }),
      show: none('event'),
      body: none('event'),
      replay: none('event'),
      follow: () => notFound('event', 'to follow'),
    },
    deliveries: {
      list: () => ok({ deliveries: [], next: null, searched_to: null }),
      show: none('delivery'),
      retry: none('delivery'),
      discard: none('delivery'),
      bulk: () => notFound('delivery', 'of these'),
    },
    incidents: {
      list: () =>
        ok({ incidents: incidents.map(({ rules: _rules, events: _events, told_in: _toldIn, ...view }) => view), next: null }),
      show(id) {
        const found = incidents.find((each) => each.id === id);
        return found ? ok(found) : notFound('incident', id);
      },
    },
    destinations: {
      list: () => destinations,
      show: none('destination'),
      unpark(name) {
        const found = destinations.find((each) => each.name === name);
        if (!found) return notFound('destination', name);
        unparked.push(name);
        return ok({ ...found, parked: null });
      },
    },
    rules: () => rules,
    explain: () => notFound('event', 'to explain'),
    stats: () => ok(stats),
  };
}
