/** Tables of schema version 3: what Narrative's job list says that no webhook did. */
export const reconciliationTables = [
  /*
   * reconciliations: runs, from the moment they are asked for; those that run have their turn in the order of their ids.
   *   times        epoch ms
   *   next_offset  records of the job list that are done with; next_at: when the next page is asked for
   *   failures     of requests, in a row
   *   failure      the kind of what a failed one failed of, or of what one that is done could not look at
   */
  `CREATE TABLE reconciliations (
    id INTEGER PRIMARY KEY,
    asked_by TEXT NOT NULL CHECK (asked_by IN ('start', 'schedule', 'operator')),
    apply INTEGER NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    lookback_ms INTEGER NOT NULL,
    subscription TEXT,
    status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'cancelled')),
    failure TEXT,
    detail TEXT,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    next_offset INTEGER NOT NULL,
    per_page INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    jobs_in_all INTEGER,
    missing INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    unreadable INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX reconciliations_running ON reconciliations (id) WHERE status = 'running'`,
  `CREATE INDEX reconciliations_automatic ON reconciliations (id) WHERE asked_by <> 'operator'`,
  `CREATE INDEX reconciliations_finished ON reconciliations (finished_at) WHERE finished_at IS NOT NULL`,
  // Since when this relay answers for what it was sent: what was before is nobody's alert.
  `CREATE TABLE reconciled_from (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT`,
  // missed: the states that a run found missing, the n-th of a run. at_us: when the job came to it, Narrative's time. event_seq: what it became.
  `CREATE TABLE missed (
    run INTEGER NOT NULL,
    n INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    state TEXT NOT NULL,
    job_type TEXT NOT NULL,
    dataset_id TEXT,
    at_us INTEGER NOT NULL,
    subscription TEXT NOT NULL,
    event_seq INTEGER,
    PRIMARY KEY (run, n),
    UNIQUE (run, job_id, state, at_us)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX missed_taken ON missed (job_id, state, at_us) WHERE event_seq IS NOT NULL`,
  // Events that say no time have no row among the transitions.
  `CREATE INDEX events_undated ON events (job_id, state) WHERE job_id IS NOT NULL AND updated_at_us IS NULL`,
];
