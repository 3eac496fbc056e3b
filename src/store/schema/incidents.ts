/** Tables of schema version 2: what is broken, since when, and who was told. */
export const incidentTables = [
  /*
   * subjects: when each last failed and last completed, in Narrative's time (µs, 0: never). It is broken while the first is not
   *           before the second, in whatever order we heard of them.
   *   incident    the open one
   *   touched_at  epoch ms here, for retention
   */
  `CREATE TABLE subjects (
    subject TEXT PRIMARY KEY,
    failed_us INTEGER NOT NULL,
    completed_us INTEGER NOT NULL,
    incident INTEGER,
    touched_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  /*
   * incidents: one row for each problem, from its first failure to its end; and for whatever else opens and closes and is told
   *            in one place: a group of failures, a job that is stuck, something that did not happen.
   *   id     the number of the event that opened it, or one of its own
   *   times  epoch ms in Narrative's time; ended_at null while it is open
   *   said   one line of the first and of the last failure
   */
  `CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('subject', 'group', 'late', 'expect')),
    subject TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    first_said TEXT,
    last_said TEXT,
    ended_at INTEGER,
    ended_by INTEGER
  ) STRICT`,
  `CREATE INDEX incidents_open ON incidents (kind, id) WHERE ended_at IS NULL`,
  `CREATE INDEX incidents_ended ON incidents (ended_at) WHERE ended_at IS NOT NULL`,
  /*
   * alerts: what a rule has said, or still has to say, about a subject.
   *   phase      held: waits for due_at, unless the subject completes. silenced: was to be told, and is when due_at comes and
   *              the subject still fails. told: somebody was told; due_at, if set, is when the failures since are told.
   *   armed_at   when due_at was set: a clock that steps back would otherwise postpone it
   *   edit_at    when the message that stands is brought up to date, for destinations that can edit
   *   untold     failures since somebody was told
   *   event_seq  the last failure, which is what is told
   *   spec       what the rule said at that failure: its policy, sends, owners (JSON)
   */
  `CREATE TABLE alerts (
    subject TEXT NOT NULL,
    rule TEXT NOT NULL,
    incident INTEGER NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('held', 'silenced', 'told')),
    due_at INTEGER,
    armed_at INTEGER NOT NULL,
    edit_at INTEGER,
    edited_at INTEGER,
    told_at INTEGER,
    told_here INTEGER NOT NULL,
    untold INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    silence TEXT,
    spec TEXT NOT NULL,
    PRIMARY KEY (subject, rule)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX alerts_due ON alerts (due_at) WHERE due_at IS NOT NULL`,
  `CREATE INDEX alerts_edit ON alerts (edit_at) WHERE edit_at IS NOT NULL`,
  // For retention: an event that is still to be told stays.
  `CREATE INDEX alerts_event ON alerts (event_seq)`,
  /*
   * decisions: why a rule that matched an event did not simply send it; and a recovery, the rule that had asked for it.
   *   kind   held, repeat, silenced, grouped, collected, late, itself (an alert about a destination, kept from it), cancelled
   *   until  epoch ms, if it ends by itself
   */
  `CREATE TABLE decisions (
    event_seq INTEGER NOT NULL,
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    until INTEGER,
    detail TEXT NOT NULL,
    PRIMARY KEY (event_seq, rule)
  ) STRICT, WITHOUT ROWID`,
  // The first message about an incident at a destination: what can be edited, and where the history goes.
  `CREATE TABLE threads (
    incident INTEGER NOT NULL,
    destination TEXT NOT NULL,
    receipt TEXT NOT NULL,
    PRIMARY KEY (incident, destination)
  ) STRICT, WITHOUT ROWID`,
  // Fallbacks that were told of an incident in place of another destination: they are to hear of its end, too. delivery: the dead one.
  `CREATE TABLE fallbacks (
    incident INTEGER NOT NULL,
    destination TEXT NOT NULL,
    delivery TEXT NOT NULL,
    PRIMARY KEY (incident, destination)
  ) STRICT, WITHOUT ROWID`,
];

/**
 * `deliveries` anew, since a table's CHECK can't be changed: a delivery can end as suppressed.
 *   quiet  1: brings a message up to date that stands already; one that waits is as good as two.
 */
export const deliveriesWithSuppressed = [
  `ALTER TABLE deliveries RENAME TO deliveries_1`,
  `CREATE TABLE deliveries (
    event_seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    destination TEXT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'waiting', 'scheduled', 'sending', 'delivered', 'dead', 'suppressed')),
    created_at INTEGER NOT NULL,
    due_at INTEGER,
    expires_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    finished_at INTEGER,
    reason TEXT,
    detail TEXT,
    receipt TEXT,
    fallback_of TEXT,
    spec TEXT NOT NULL,
    notice TEXT,
    quiet INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (event_seq, n)
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO deliveries SELECT *, 0 FROM deliveries_1`,
  `DROP TABLE deliveries_1`,
  `CREATE INDEX deliveries_queued ON deliveries (destination, event_seq, n) WHERE status = 'queued'`,
  `CREATE INDEX deliveries_waiting ON deliveries (destination, subject, event_seq, n) WHERE status = 'waiting'`,
  `CREATE INDEX deliveries_scheduled ON deliveries (destination, due_at) WHERE status = 'scheduled'`,
  `CREATE INDEX deliveries_sending ON deliveries (lease_until) WHERE status = 'sending'`,
  `CREATE INDEX deliveries_quiet ON deliveries (destination, subject) WHERE quiet = 1 AND status IN ('queued', 'waiting', 'scheduled')`,
  `CREATE UNIQUE INDEX deliveries_active ON deliveries (destination, subject) WHERE status IN ('scheduled', 'sending')`,
];
