/**
 * The schema, forward only: each entry is applied once, in a transaction, and never changed after a
 * release. `user_version` counts those applied.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE jobs (
    sequence    INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    key         TEXT NOT NULL,
    provisional INTEGER NOT NULL,
    lock        TEXT,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    failures    INTEGER NOT NULL DEFAULT 0,
    outages     INTEGER NOT NULL DEFAULT 0,
    request     TEXT NOT NULL,
    report      TEXT,
    reasonCode  TEXT,
    reasonText  TEXT,
    dueAt       INTEGER NOT NULL,
    createdAt   INTEGER NOT NULL,
    updatedAt   INTEGER NOT NULL,
    startedAt   INTEGER,
    finishedAt  INTEGER
  ) STRICT;
  -- A provisional key is free again when its job has ended: the next request is about a new run.
  CREATE UNIQUE INDEX owningKey ON jobs (key)
    WHERE provisional = 0 OR state IN ('queued', 'running', 'waiting');
  -- One person has at most one running job: the database itself refuses the second.
  CREATE UNIQUE INDEX runningByLock ON jobs (lock) WHERE state = 'running' AND lock IS NOT NULL;
  -- The next job to claim, without looking at the finished ones.
  CREATE INDEX openByDue ON jobs (dueAt, sequence) WHERE state IN ('queued', 'waiting');
  CREATE INDEX running ON jobs (sequence) WHERE state = 'running';
  CREATE INDEX byState ON jobs (state, sequence);
  `,
];
