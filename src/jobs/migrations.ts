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
  `
  ALTER TABLE jobs ADD COLUMN crashes     INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE jobs ADD COLUMN cancelAsked INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE jobs ADD COLUMN approved    INTEGER NOT NULL DEFAULT 0;
  -- When the job was let through the brakes: once, however often it is tried.
  ALTER TABLE jobs ADD COLUMN passedAt    INTEGER;
  DROP INDEX owningKey;
  CREATE UNIQUE INDEX owningKey ON jobs (key)
    WHERE provisional = 0 OR state IN ('queued', 'running', 'waiting', 'held');
  CREATE INDEX byLock ON jobs (lock, sequence) WHERE lock IS NOT NULL;
  CREATE INDEX byPassage ON jobs (passedAt) WHERE passedAt IS NOT NULL;
  -- The next jobs to forget, without looking at those that stay.
  CREATE INDEX endedByTime ON jobs (finishedAt) WHERE state IN ('done', 'superseded', 'cancelled');

  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    job      INTEGER NOT NULL,
    event    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    times    INTEGER NOT NULL DEFAULT 1,
    lastAt   INTEGER NOT NULL,
    facts    TEXT NOT NULL
  ) STRICT;
  CREATE INDEX eventsOfJob ON events (job, sequence);

  -- How many jobs are in each state: counting a million takes longer than a probe may wait.
  CREATE TABLE counts (state TEXT PRIMARY KEY, jobs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counts SELECT state, COUNT(*) FROM jobs GROUP BY state;
  CREATE TRIGGER countMade AFTER INSERT ON jobs BEGIN
    INSERT INTO counts VALUES (NEW.state, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  END;
  CREATE TRIGGER countMoved AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state BEGIN
    UPDATE counts SET jobs = jobs - 1 WHERE state = OLD.state;
    INSERT INTO counts VALUES (NEW.state, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  END;
  CREATE TRIGGER countForgotten AFTER DELETE ON jobs BEGIN
    UPDATE counts SET jobs = jobs - 1 WHERE state = OLD.state;
  END;

  -- One row while nothing new may begin.
  CREATE TABLE pause (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    since  INTEGER NOT NULL,
    reason TEXT
  ) STRICT;
  `,
];
