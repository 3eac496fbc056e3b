/** Tables of schema version 2: what did not happen, and what is told at a time of day. */
export const timedTables = [
  /*
   * late: jobs that are in a state with a limit, for each rule that has one.
   *   since_us   when it came to that state, Narrative's time; event_seq says so
   *   due_at     when it is told; null once it was
   *   incident   set once it was told
   *   spec       what the rule said then (JSON)
   */
  `CREATE TABLE late (
    job_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    state TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    due_at INTEGER,
    incident INTEGER,
    spec TEXT NOT NULL,
    PRIMARY KEY (job_id, rule)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX late_due ON late (due_at) WHERE due_at IS NOT NULL`,
  `CREATE INDEX late_incident ON late (incident) WHERE incident IS NOT NULL`,
  /*
   * ticks: rules that do something at a time of day.
   *   calendar   that time as configured, so that a change of it is noticed
   *   from_at    what counts for it happened since then
   *   due_at     the time of day; run_at: when it is seen to, which may be a little later
   *   incident   expect: the open one; spec: how that was told (JSON)
   */
  `CREATE TABLE ticks (
    kind TEXT NOT NULL CHECK (kind IN ('expect', 'digest')),
    rule TEXT NOT NULL,
    calendar TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    run_at INTEGER NOT NULL,
    incident INTEGER,
    spec TEXT,
    PRIMARY KEY (kind, rule)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX ticks_run ON ticks (kind, run_at)`,
  /*
   * expectations: what is to happen by a rule's tick; item is a dataset, or '' for the rule as a whole.
   *   state     awaited: not yet. met: it did. missing: it did not by an earlier tick, which was told, and has not since.
   *   last_us   when it last did, Narrative's time; null: never that we know of
   */
  `CREATE TABLE expectations (
    rule TEXT NOT NULL,
    item TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('awaited', 'met', 'missing')),
    last_us INTEGER,
    PRIMARY KEY (rule, item)
  ) STRICT, WITHOUT ROWID`,
  // What the next digest of a rule tells of.
  `CREATE TABLE collected (
    rule TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    job_type TEXT NOT NULL,
    state TEXT NOT NULL,
    dataset_id TEXT,
    duration_s REAL,
    PRIMARY KEY (rule, event_seq)
  ) STRICT, WITHOUT ROWID`,
];
