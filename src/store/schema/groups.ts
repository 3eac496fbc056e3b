/** Tables of schema version 2: failures that are told together. */
export const groupTables = [
  /*
   * groups: alerts of one rule, with one key, that come together. Those with another spec are another group: the rule was changed.
   *   incident  made when the group is; a row in `incidents` only once somebody was told of more than one member
   *   due_at    when what came since is told; null when nothing can have come
   *   told_at   when the last message went out; notice: the last one in the relay's own words, null while there is none
   *   closed    1: takes no new members; its own may still recover, or fail again and open it anew
   *   spec      what the rule said: group, recover, sends (JSON)
   */
  `CREATE TABLE groups (
    incident INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    group_key TEXT NOT NULL,
    due_at INTEGER,
    armed_at INTEGER NOT NULL,
    told_at INTEGER,
    notice INTEGER,
    closed INTEGER NOT NULL,
    spec TEXT NOT NULL
  ) STRICT`,
  `CREATE UNIQUE INDEX groups_open ON groups (rule, group_key, spec) WHERE closed = 0`,
  `CREATE INDEX groups_due ON groups (due_at) WHERE due_at IS NOT NULL`,
  /*
   * group_members: one row for each subject of a group.
   *   own        the subject's own incident
   *   event_seq  its last failure; act, usual, owners: what would have been told of it
   *   times      first_at, last_at, ended_at: epoch ms in Narrative's time
   *   failures   since it joined; untold: those of them that nobody was told of yet
   *   told       1: somebody was told of it. alone: 1: by a message of its own, whose end is still to be told
   *   end_told   1: somebody was told that it recovered
   */
  `CREATE TABLE group_members (
    incident INTEGER NOT NULL,
    subject TEXT NOT NULL,
    own INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    act TEXT NOT NULL,
    usual TEXT NOT NULL,
    owners TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    untold INTEGER NOT NULL,
    told INTEGER NOT NULL,
    alone INTEGER NOT NULL,
    ended_at INTEGER,
    end_told INTEGER NOT NULL,
    PRIMARY KEY (incident, subject)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX group_members_subject ON group_members (subject) WHERE ended_at IS NULL`,
  `CREATE INDEX group_members_live ON group_members (incident) WHERE ended_at IS NULL`,
];
