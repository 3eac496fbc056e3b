/** `/api/v1/incidents`: what failed and has not recovered; `/api/v1/stats`: how things go. */
import type { Operations } from '../../operate/operations.ts';
import { incidentQuery, pagingOf, rangeOf, statsQuery } from '../../operate/shapes/query.ts';
import { incidentDetail, incidentPage, stats } from '../../operate/shapes/views.ts';
import type { Clock } from '../../ports.ts';
import { route, type Route } from './route.ts';

export function incidentRoutes({ incidents }: Pick<Operations, 'incidents'>): Route[] {
  return [
    route({
      method: 'GET',
      path: '/incidents',
      tag: 'incidents',
      summary: 'List incidents, the latest first',
      description: 'Those that are open, unless `status` says otherwise.',
      query: incidentQuery,
      answer: { status: 200, description: 'A page of them', schema: incidentPage },
      handle: ({ query }) =>
        incidents.list({ status: query.status, kinds: query.kind ?? [], text: query.text ?? null }, pagingOf(query)),
    }),
    route({
      method: 'GET',
      path: '/incidents/:id',
      tag: 'incidents',
      summary: 'Show an incident',
      description: 'With what each rule has said about it, its latest events, and what a silence of it would match.',
      answer: { status: 200, description: 'The incident', schema: incidentDetail },
      refusals: { 404: 'No such incident, or it is past its retention' },
      handle: ({ id }) => incidents.show(id),
    }),
  ];
}

export function statsRoute({ stats: read, clock }: Pick<Operations, 'stats'> & { clock: Clock }): Route {
  return route({
    method: 'GET',
    path: '/stats',
    tag: 'stats',
    summary: 'Counts per hour, and how things stand now',
    description: 'Of the last 24 hours, unless a time is given.',
    query: statsQuery,
    answer: { status: 200, description: 'The counts', schema: stats },
    handle: ({ query }) => read(rangeOf(query, clock.now())),
  });
}
