/** Tables of schema version 2: silences made at run time. */
export const silenceTables = [
  // match: as in the rules files (JSON). Times are epoch ms; one that was expired by hand has until_at set to then.
  `CREATE TABLE silences (
    id INTEGER PRIMARY KEY,
    match TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT`,
];
