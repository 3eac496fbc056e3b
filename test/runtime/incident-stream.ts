/** A stream of webhooks about subjects that break, go on failing, work again and break anew; some at once, some after a while. */
import type { Dice } from '../../src/simulator/dice.ts';
import { firstEndMs, jobWebhook, type LoadWebhook } from './webhook.ts';

/** The job types whose rules have incidents, by what their rule does. */
export const incidentTypes = {
  held: 'materialize-view',
  repeated: 'datasets_calculate_column_stats',
  grouped: 'datasets_sample',
} as const;
export type IncidentRule = keyof typeof incidentTypes;

export const planeOf = (stream: number) => `plane-${stream}`;

interface Story {
  type: string;
  datasetId: number;
  failures: number;
}

/** Stories that go on at once. */
const maxStories = 12;

export function createIncidentStream(stream: number, dice: Dice): () => LoadWebhook {
  const failing: Story[] = [];
  const mended: Story[] = [];
  /** What failures that come together have in common. */
  const plane = { data_plane_id: planeOf(stream) };
  let number = 0;

  function tell(story: Story, state: 'failed' | 'completed'): LoadWebhook {
    const { type, datasetId } = story;
    number += 1;
    const job = { id: `job-${stream}-${number}`, type, datasetId, atMs: firstEndMs + number * 1_000 };
    return { ...jobWebhook(`load-${stream}-${number}`, state, job, dice, plane), fate: 'incident' };
  }

  function fail(story: Story): LoadWebhook {
    story.failures += 1;
    return tell(story, 'failed');
  }

  function mend(story: Story): LoadWebhook {
    failing.splice(failing.indexOf(story), 1);
    mended.push(story);
    return tell(story, 'completed');
  }

  function begin(): LoadWebhook {
    const again = mended.length > 0 && dice.between(1, 4) === 1 ? mended.splice(dice.between(0, mended.length - 1), 1)[0]! : null;
    const types = Object.values(incidentTypes);
    const fresh = { type: types[dice.between(0, types.length - 1)]!, datasetId: 100_000 * (stream + 1) + number, failures: 0 };
    const story = again ? { ...again, failures: 0 } : fresh;
    failing.push(story);
    return fail(story);
  }

  return () => {
    const roll = dice.between(1, 100);
    if (failing.length === 0 || (roll <= 35 && failing.length < maxStories)) return begin();
    // The newest as often as any other, so that some are over before anybody is told.
    const story = dice.between(0, 1) === 0 ? failing.at(-1)! : failing[dice.between(0, failing.length - 1)]!;
    return roll <= 65 && story.failures < 6 ? fail(story) : mend(story);
  };
}
