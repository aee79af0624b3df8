import type { Database } from 'better-sqlite3';
import type { JobState } from './states.ts';
import type { Job, JsonObject } from './store.ts';

/** A job as the table has it. */
export interface Line {
  readonly sequence: number;
  readonly id: string;
  readonly key: string;
  readonly lock: string | null;
  readonly state: JobState;
  readonly attempts: number;
  readonly failures: number;
  readonly outages: number;
  readonly crashes: number;
  readonly cancelAsked: number;
  readonly approved: number;
  readonly passedAt: number | null;
  readonly request: string;
  readonly report: string | null;
  readonly reasonCode: string | null;
  readonly reasonText: string | null;
  readonly dueAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** A line without the texts, which grow: asked for before every write of a handler. */
export type Head = Omit<Line, 'request' | 'report' | 'reasonCode' | 'reasonText'>;

const HEAD = `sequence, id, key, lock, state, attempts, failures, outages, crashes, cancelAsked, approved,
  passedAt, dueAt, createdAt, updatedAt, startedAt, finishedAt`;

/** Every statement of the store but those of the history. Each is answered by an index; a test asks SQLite whether. */
export function prepareStatements(database: Database) {
  const write = <P extends object>(sql: string) => database.prepare<P>(sql);
  const read = <P extends unknown[] | object, R>(sql: string) => database.prepare<P, R>(sql);
  return {
    byId: read<[string], Line>('SELECT * FROM jobs WHERE id = ?'),
    headById: read<[string], Head>(`SELECT ${HEAD} FROM jobs WHERE id = ?`),
    byKey: read<[string], Line>(
      `SELECT * FROM jobs WHERE key = ?
         AND (provisional = 0 OR state IN ('queued', 'running', 'waiting', 'held'))`,
    ),
    runningByLock: read<[string], Head>(
      `SELECT ${HEAD} FROM jobs WHERE state = 'running' AND lock = ?`,
    ),
    running: read<[], Head>(
      `SELECT ${HEAD} FROM jobs INDEXED BY running WHERE state = 'running' ORDER BY sequence`,
    ),
    insert: write<{
      id: string;
      key: string;
      provisional: number;
      lock: string | null;
      request: string;
      now: number;
    }>(
      `INSERT INTO jobs (id, key, provisional, lock, state, request, dueAt, createdAt, updatedAt)
       VALUES (@id, @key, @provisional, @lock, 'queued', @request, @now, @now, @now)`,
    ),
    claimable: read<{ now: number }, Head>(
      `SELECT ${HEAD} FROM jobs AS candidate INDEXED BY openByDue
       WHERE state IN ('queued', 'waiting') AND dueAt <= @now
         AND (lock IS NULL OR NOT EXISTS (
           SELECT 1 FROM jobs WHERE state = 'running' AND lock = candidate.lock))
       ORDER BY dueAt, sequence LIMIT 1`,
    ),
    begin: write<{ id: string; now: number }>(
      `UPDATE jobs SET state = 'running', attempts = attempts + 1, updatedAt = @now,
         startedAt = COALESCE(startedAt, @now), reasonCode = NULL, reasonText = NULL
       WHERE id = @id`,
    ),
    nextDue: read<[], { dueAt: number }>(
      `SELECT dueAt FROM jobs AS candidate INDEXED BY openByDue
       WHERE state IN ('queued', 'waiting')
         AND (lock IS NULL OR NOT EXISTS (
           SELECT 1 FROM jobs WHERE state = 'running' AND lock = candidate.lock))
       ORDER BY dueAt LIMIT 1`,
    ),
    adopt: write<{ id: string; key: string; lock: string; now: number }>(
      `UPDATE jobs SET key = @key, provisional = 0, lock = @lock, updatedAt = @now
       WHERE id = @id`,
    ),
    save: write<{ id: string; report: string; now: number }>(
      'UPDATE jobs SET report = @report, updatedAt = @now WHERE id = @id',
    ),
    /** How many were let through after this time; a time that lies ahead counts, too. */
    passed: read<[number], { jobs: number }>(
      'SELECT COUNT(*) AS jobs FROM jobs WHERE passedAt IS NOT NULL AND passedAt > ?',
    ),
    pass: write<{ id: string; now: number }>('UPDATE jobs SET passedAt = @now WHERE id = @id'),
    postpone: write<{
      id: string;
      dueAt: number;
      code: string;
      message: string;
      failed: number;
      outage: number;
      now: number;
    }>(
      `UPDATE jobs SET state = 'waiting', dueAt = @dueAt, failures = failures + @failed,
         outages = outages + @outage, crashes = 0, reasonCode = @code,
         reasonText = @message, updatedAt = @now WHERE id = @id`,
    ),
    hold: write<{ id: string; code: string; message: string; now: number }>(
      `UPDATE jobs SET state = 'held', crashes = 0, reasonCode = @code, reasonText = @message,
         updatedAt = @now WHERE id = @id`,
    ),
    finish: write<{
      id: string;
      state: string;
      code: string | null;
      message: string | null;
      now: number;
    }>(
      `UPDATE jobs SET state = @state, crashes = 0, cancelAsked = 0, reasonCode = @code,
         reasonText = @message, updatedAt = @now, finishedAt = @now WHERE id = @id`,
    ),
    askToCancel: write<{ id: string; now: number }>(
      'UPDATE jobs SET cancelAsked = 1, updatedAt = @now WHERE id = @id',
    ),
    approve: write<{ id: string; now: number }>(
      `UPDATE jobs SET state = 'queued', approved = 1, dueAt = @now, updatedAt = @now,
         reasonCode = NULL, reasonText = NULL WHERE id = @id`,
    ),
    retry: write<{ id: string; now: number }>(
      `UPDATE jobs SET state = 'queued', dueAt = @now, updatedAt = @now, startedAt = NULL,
         finishedAt = NULL, failures = 0, outages = 0, crashes = 0, reasonCode = NULL,
         reasonText = NULL WHERE id = @id`,
    ),
    hasten: write<{ codes: string; now: number }>(
      `UPDATE jobs INDEXED BY openByDue SET dueAt = @now, updatedAt = @now
       WHERE state IN ('queued', 'waiting') AND state = 'waiting' AND dueAt > @now
         AND reasonCode IN (SELECT value FROM json_each(@codes))`,
    ),
    requeue: write<{ id: string; now: number }>(
      `UPDATE jobs SET state = 'queued', dueAt = @now, updatedAt = @now, crashes = crashes + 1
       WHERE id = @id`,
    ),
    /** What was written later than now was written by a clock that has been set back: its pause begins anew. */
    drawIn: write<{ now: number; longest: number }>(
      `UPDATE jobs INDEXED BY openByDue SET updatedAt = MIN(updatedAt, @now), dueAt = MIN(
         @now + @longest, CASE WHEN updatedAt > @now THEN @now + dueAt - updatedAt ELSE dueAt END)
       WHERE state IN ('queued', 'waiting') AND dueAt > @now
         AND (updatedAt > @now OR dueAt > @now + @longest)`,
    ),
    drawInPassages: write<{ now: number }>(
      'UPDATE jobs SET passedAt = @now WHERE passedAt IS NOT NULL AND passedAt > @now',
    ),
    list: read<{ below: number; limit: number }, Line>(
      'SELECT * FROM jobs WHERE sequence < @below ORDER BY sequence DESC LIMIT @limit',
    ),
    listState: read<{ state: string; below: number; limit: number }, Line>(
      `SELECT * FROM jobs INDEXED BY byState WHERE state = @state AND sequence < @below
       ORDER BY sequence DESC LIMIT @limit`,
    ),
    listLock: read<{ lock: string; below: number; limit: number }, Line>(
      `SELECT * FROM jobs INDEXED BY byLock WHERE lock = @lock AND sequence < @below
       ORDER BY sequence DESC LIMIT @limit`,
    ),
    listLockAndState: read<{ lock: string; state: string; below: number; limit: number }, Line>(
      `SELECT * FROM jobs INDEXED BY byLock WHERE lock = @lock AND state = @state
         AND sequence < @below ORDER BY sequence DESC LIMIT @limit`,
    ),
    count: read<[], { state: JobState; jobs: number }>('SELECT state, jobs FROM counts'),
    forgettable: read<{ before: number; most: number }, { sequence: number }>(
      `SELECT sequence FROM jobs INDEXED BY endedByTime
       WHERE state IN ('done', 'superseded', 'cancelled') AND finishedAt < @before
       ORDER BY finishedAt LIMIT @most`,
    ),
    forget: database.prepare<[number]>('DELETE FROM jobs WHERE sequence = ?'),
    paused: read<[], { since: number; reason: string | null }>('SELECT since, reason FROM pause'),
    pause: write<{ reason: string | null; now: number }>(
      `INSERT INTO pause (one, since, reason) VALUES (1, @now, @reason)
       ON CONFLICT DO UPDATE SET reason = excluded.reason`,
    ),
    resume: database.prepare<[]>('DELETE FROM pause'),
  };
}

export function toJob(line: Line): Job {
  return {
    id: line.id,
    key: line.key,
    lock: line.lock ?? undefined,
    state: line.state,
    attempts: line.attempts,
    failures: line.failures,
    outages: line.outages,
    crashes: line.crashes,
    isCancelAsked: line.cancelAsked === 1,
    request: JSON.parse(line.request) as JsonObject,
    report: line.report === null ? undefined : (JSON.parse(line.report) as JsonObject),
    reason:
      line.reasonCode === null
        ? undefined
        : { code: line.reasonCode, message: line.reasonText ?? '' },
    dueAt: line.dueAt,
    createdAt: line.createdAt,
    updatedAt: line.updatedAt,
    startedAt: line.startedAt ?? undefined,
    finishedAt: line.finishedAt ?? undefined,
  };
}
