/** Tables of schema version 4: what operators look for, and what is counted for them. */
export const operateTables = [
  // The event that this one is a replay of.
  `ALTER TABLE events ADD COLUMN replay_of INTEGER`,
  `CREATE INDEX events_replays ON events (replay_of) WHERE replay_of IS NOT NULL`,
  // Of a delivered one about an incident, what it said of that (JSON): the incident goes on. Those before version 4 have none.
  `ALTER TABLE deliveries ADD COLUMN told TEXT`,
  /*
   * What lists filter by, without the bodies, so that a search goes through tens of thousands of events in a few milliseconds. It
   * begins with seq: rows are only ever added at its end, which costs intake little.
   */
  `CREATE INDEX events_listed ON events (seq, outcome, kind, state, job_type, dataset_id, subscription, job_id, subject, rules)`,
  // Dead letters are few, and looked for among all that was ever delivered. quiet: those that nobody misses.
  `CREATE INDEX deliveries_dead ON deliveries (event_seq, n, destination, quiet) WHERE status = 'dead'`,
  // Made more than an hour after their event (its number's millisecond), so that a search by time need not go through all events.
  `CREATE INDEX deliveries_afterwards ON deliveries (event_seq, n) WHERE created_at > event_seq / 1024 + 3600000`,
  /*
   * hourly: how many events came and deliveries ended in each hour, for charts.
   *   hour     epoch hours
   *   what     event: one that came, by its outcome then, and 'duplicate' for a key that came again. delivery: one that ended.
   *   state    of the event; '' where it has none
   */
  `CREATE TABLE hourly (
    hour INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('event', 'delivery')),
    outcome TEXT NOT NULL,
    state TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (hour, what, outcome, state)
  ) STRICT, WITHOUT ROWID`,
];
