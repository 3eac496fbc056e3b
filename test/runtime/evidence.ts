/** What all witnesses of a proof have to say, when it is over. */
import { readAccount } from './account.ts';
import { readIncidents } from './incident-account.ts';
import type { Lives } from './lives.ts';
import type { Load } from './load.ts';
import type { ProofStage } from './stage.ts';
import type { Evidence } from './verdict.ts';

export function evidenceOf({ witness, databasePath }: ProofStage, load: Load, lives: Lives): Evidence {
  return {
    webhooks: load.webhooks,
    acknowledged: load.acknowledged,
    arrivals: witness.arrivals,
    posts: witness.posts,
    pages: witness.pages,
    shown: witness.incidentsShown(),
    crashed: lives.crashed,
    account: readAccount(databasePath),
    incidents: readIncidents(databasePath),
    problems: witness.problems(),
  };
}
