/** What the store tells of an event, in the shape in which it is drawn. */
import { deliveryId, eventId } from '../event/id.ts';
import { iso, isoOrNull } from '../operate/text.ts';
import type { EventStory, NoticeStory } from '../store/story.ts';
import type { DeliverySummaryView } from '../operate/shapes/views.ts';
import type { DrawnDelivery, Notice, Story } from './explain-drawing.ts';

export function storyOf({ seq, replayOf, receivedAt, deliveries, ...story }: EventStory): Story {
  return {
    ...story,
    id: eventId(seq),
    replay_of: replayOf === null ? null : eventId(replayOf),
    received_at: iso(receivedAt),
    deliveries: deliveries.map((delivery) => deliveryOf(seq, delivery)),
  };
}

export function noticeOf({ seq, notice, deliveries, members }: NoticeStory): Notice {
  return {
    id: eventId(seq),
    ...notice,
    deliveries: deliveries.map((delivery) => deliveryOf(seq, delivery)),
    members: members.map(({ subject, eventSeq }) => ({ subject, event_id: eventId(eventSeq) })),
  };
}

function deliveryOf(eventSeq: number, { n, status, finishedAt, ...delivery }: EventStory['deliveries'][number]): DrawnDelivery {
  return {
    ...delivery,
    id: deliveryId({ eventSeq, n }),
    status: status as DeliverySummaryView['status'],
    finished_at: isoOrNull(finishedAt),
  };
}
