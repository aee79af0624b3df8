import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { ServiceError } from '../errors.ts';
import { GroupCommit } from './group-commit.ts';
import { MIGRATIONS } from './migrations.ts';
import {
  type Accepted,
  type Adoption,
  type Ending,
  JOB_STATES,
  type Job,
  type JobFilter,
  type JobState,
  type JobStore,
  type JsonObject,
  type NewJob,
  type Postponement,
} from './store.ts';

/** "exob" in ASCII: tells our files from others (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x65786f62;

interface Line {
  readonly sequence: number;
  readonly id: string;
  readonly key: string;
  readonly lock: string | null;
  readonly state: JobState;
  readonly attempts: number;
  readonly failures: number;
  readonly outages: number;
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

/**
 * Opens the queue in one file, creating it and its folder if need be. Throws `jobs.store-unusable` if
 * another process has it open, if it is no database of ours, if it is newer than this program, or if
 * the disk can't be made to flush.
 */
export function openSqliteStore(file: string): JobStore {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const database = new Database(file, { timeout: 1_000 });
    try {
      // Before the log beside it is made, which takes over these rights.
      chmodSync(file, 0o600);
      assertOurs(database);
      configure(database);
      migrate(database);
      return new SqliteStore(database);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw unusable(file, error);
  }
}

function configure(database: Database.Database): void {
  // Exclusive: the lock is the operating system's, so a killed process leaves none behind.
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const isFull = database.pragma('synchronous', { simple: true }) === 2;
  const isWal = database.pragma('journal_mode', { simple: true }) === 'wal';
  if (!isFull || !isWal) {
    throw new ServiceError('jobs.store-unusable', 'the database does not flush to disk as asked');
  }
  // Takes the lock now rather than at the first job.
  database.exec('BEGIN IMMEDIATE; COMMIT');
}

/** Throws if the file is somebody else's database. */
function assertOurs(database: Database.Database): void {
  const id = database.pragma('application_id', { simple: true });
  const tables = database.prepare('SELECT COUNT(*) AS n FROM sqlite_master').get() as { n: number };
  if (id !== APPLICATION_ID && tables.n > 0) {
    throw new ServiceError('jobs.store-unusable', 'the file is a database of another program');
  }
}

function migrate(database: Database.Database): void {
  const applied = Number(database.pragma('user_version', { simple: true }));
  if (applied > MIGRATIONS.length) {
    throw new ServiceError(
      'jobs.store-unusable',
      `the database is newer than this program (schema ${applied}, known ${MIGRATIONS.length}): use the newer program`,
    );
  }
  database.transaction(() => {
    for (const migration of MIGRATIONS.slice(applied)) {
      database.exec(migration);
    }
    database.pragma(`user_version = ${MIGRATIONS.length}`);
    database.pragma(`application_id = ${APPLICATION_ID}`);
  })();
}

function unusable(file: string, cause: unknown): ServiceError {
  if (cause instanceof ServiceError) {
    return cause;
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = code.startsWith('SQLITE_BUSY')
    ? 'another instance is running on it'
    : cause instanceof Error
      ? cause.message
      : 'unknown fault';
  return new ServiceError('jobs.store-unusable', `the queue ${file} can't be opened: ${why}`, {
    facts: { file, code },
    cause,
  });
}

class SqliteStore implements JobStore {
  readonly #database: Database.Database;
  readonly #writes: GroupCommit;
  readonly #statements;

  constructor(database: Database.Database) {
    this.#database = database;
    const nested = database.transaction((work: () => unknown) => work());
    const savepoint = (work: () => unknown) => {
      // A full disk ends the whole transaction: what came now would be committed on its own.
      if (!database.inTransaction) {
        throw new ServiceError('jobs.store-unusable', 'the transaction was rolled back');
      }
      return nested(work);
    };
    const transaction = database.transaction((group: () => void) => group());
    this.#writes = new GroupCommit((group) => transaction.immediate(group), savepoint);
    this.#statements = prepare(database);
  }

  async #write<T>(work: () => T): Promise<T> {
    try {
      return await this.#writes.run(work);
    } catch (cause) {
      if (!(cause instanceof Database.SqliteError)) {
        throw cause;
      }
      const message = `the queue cannot be written to: ${cause.message}`;
      throw new ServiceError('jobs.store-unusable', message, {
        facts: { sqlite: cause.code },
        cause,
      });
    }
  }

  accept(job: NewJob, now: number): Promise<Accepted> {
    return this.#write(() => {
      const known = this.#statements.byKey.get(job.key);
      if (known !== undefined) {
        return { job: toJob(known), duplicate: true };
      }
      const id = randomUUID();
      this.#statements.insert.run({
        id,
        key: job.key,
        provisional: job.isKeyProvisional === true ? 1 : 0,
        lock: job.lock ?? null,
        request: JSON.stringify(job.request),
        now,
      });
      return { job: this.#get(id), duplicate: false };
    });
  }

  claim(now: number): Promise<Job | undefined> {
    return this.#write(() => {
      const next = this.#statements.claimable.get({ now });
      if (next === undefined) {
        return undefined;
      }
      this.#statements.begin.run({ id: next.id, now });
      return this.#get(next.id);
    });
  }

  async nextDueAt(): Promise<number | undefined> {
    return this.#statements.nextDue.get()?.dueAt;
  }

  adopt(id: string, identity: { key: string; lock: string }, now: number): Promise<Adoption> {
    return this.#write((): Adoption => {
      this.#assertRunning(id);
      const owner = this.#statements.byKey.get(identity.key);
      if (owner !== undefined && owner.id !== id) {
        return { kind: 'key-taken', by: owner.id };
      }
      const holder = this.#statements.runningByLock.get(identity.lock);
      if (holder !== undefined && holder.id !== id) {
        return { kind: 'locked', by: holder.id };
      }
      this.#statements.adopt.run({ id, now, ...identity });
      return { kind: 'adopted' };
    });
  }

  save(id: string, report: JsonObject, now: number): Promise<void> {
    return this.#write(() => {
      this.#assertRunning(id);
      this.#statements.save.run({ id, report: JSON.stringify(report), now });
    });
  }

  postpone(id: string, { dueAt, reason, countsAs }: Postponement, now: number): Promise<void> {
    return this.#write(() => {
      this.#assertRunning(id);
      const failed = countsAs === 'failure' ? 1 : 0;
      const outage = countsAs === 'outage' ? 1 : 0;
      this.#statements.postpone.run({ id, dueAt, ...reason, failed, outage, now });
    });
  }

  finish(id: string, ending: Ending, now: number): Promise<void> {
    return this.#write(() => {
      this.#assertRunning(id);
      const { code = null, message = null } = ending.reason ?? {};
      this.#statements.finish.run({ id, state: ending.state, code, message, now });
    });
  }

  recover(now: number): Promise<number> {
    return this.#write(() => this.#statements.recover.run({ now }).changes);
  }

  retry(id: string, now: number): Promise<boolean> {
    return this.#write(() => {
      const job = this.#statements.byId.get(id);
      const owner = job === undefined ? undefined : this.#statements.byKey.get(job.key);
      if (job?.state !== 'needs-attention' || (owner !== undefined && owner.id !== id)) {
        return false;
      }
      this.#statements.retry.run({ id, now });
      return true;
    });
  }

  hasten(reasonCodes: readonly string[], now: number): Promise<number> {
    return this.#write(() => {
      const codes = JSON.stringify(reasonCodes);
      return this.#statements.hasten.run({ codes, now }).changes;
    });
  }

  async find(id: string): Promise<Job | undefined> {
    const line = this.#statements.byId.get(id);
    return line === undefined ? undefined : toJob(line);
  }

  async list({ state, before, limit }: JobFilter): Promise<readonly Job[]> {
    const cursor = before === undefined ? undefined : this.#statements.byId.get(before);
    if (before !== undefined && cursor === undefined) {
      return [];
    }
    const below = cursor?.sequence ?? Number.MAX_SAFE_INTEGER;
    const lines =
      state === undefined
        ? this.#statements.list.all({ below, limit })
        : this.#statements.listState.all({ state, below, limit });
    return lines.map(toJob);
  }

  async count(): Promise<Readonly<Record<JobState, number>>> {
    const counted = new Map(this.#statements.count.all().map((row) => [row.state, row.jobs]));
    return Object.fromEntries(
      JOB_STATES.map((state) => [state, counted.get(state) ?? 0]),
    ) as Record<JobState, number>;
  }

  async check(): Promise<void> {
    // Writes the same value again: takes the way of every write, down to the flush.
    await this.#write(() => this.#database.pragma(`user_version = ${MIGRATIONS.length}`));
  }

  async close(): Promise<void> {
    if (this.#database.open) {
      this.#writes.flush();
      this.#database.close();
    }
  }

  #get(id: string): Job {
    const line = this.#statements.byId.get(id);
    if (line === undefined) {
      throw new Error(`no job ${id}`);
    }
    return toJob(line);
  }

  /** Only a running job may be saved, adopted, postponed or finished: anything else is a fault of ours. */
  #assertRunning(id: string): void {
    const line = this.#statements.stateById.get(id);
    if (line?.state !== 'running') {
      throw new Error(line ? `job ${id} is ${line.state}, not running` : `no job ${id}`);
    }
  }
}

function prepare(database: Database.Database) {
  const write = <P extends object>(sql: string) => database.prepare<P>(sql);
  return {
    byId: database.prepare<[string], Line>('SELECT * FROM jobs WHERE id = ?'),
    // Asked before every write of a handler: without the report, which grows.
    stateById: database.prepare<[string], Pick<Line, 'state'>>(
      'SELECT state FROM jobs WHERE id = ?',
    ),
    byKey: database.prepare<[string], Line>(
      `SELECT * FROM jobs WHERE key = ?
         AND (provisional = 0 OR state IN ('queued', 'running', 'waiting'))`,
    ),
    runningByLock: database.prepare<[string], Line>(
      `SELECT * FROM jobs WHERE state = 'running' AND lock = ?`,
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
    claimable: database.prepare<{ now: number }, Line>(
      `SELECT * FROM jobs AS candidate INDEXED BY openByDue
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
    nextDue: database.prepare<[], { dueAt: number }>(
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
         outages = outages + @outage, reasonCode = @code,
         reasonText = @message, updatedAt = @now WHERE id = @id`,
    ),
    finish: write<{
      id: string;
      state: string;
      code: string | null;
      message: string | null;
      now: number;
    }>(
      `UPDATE jobs SET state = @state, reasonCode = @code, reasonText = @message,
         updatedAt = @now, finishedAt = @now WHERE id = @id`,
    ),
    recover: write<{ now: number }>(
      `UPDATE jobs INDEXED BY running SET state = 'queued', dueAt = @now, updatedAt = @now
       WHERE state = 'running'`,
    ),
    retry: write<{ id: string; now: number }>(
      `UPDATE jobs SET state = 'queued', dueAt = @now, updatedAt = @now, finishedAt = NULL,
         failures = 0, outages = 0 WHERE id = @id`,
    ),
    hasten: write<{ codes: string; now: number }>(
      `UPDATE jobs SET dueAt = @now, updatedAt = @now
       WHERE state = 'waiting' AND dueAt > @now
         AND reasonCode IN (SELECT value FROM json_each(@codes))`,
    ),
    list: database.prepare<{ below: number; limit: number }, Line>(
      'SELECT * FROM jobs WHERE sequence < @below ORDER BY sequence DESC LIMIT @limit',
    ),
    listState: database.prepare<{ state: string; below: number; limit: number }, Line>(
      `SELECT * FROM jobs WHERE state = @state AND sequence < @below
       ORDER BY sequence DESC LIMIT @limit`,
    ),
    count: database.prepare<[], { state: JobState; jobs: number }>(
      'SELECT state, COUNT(*) AS jobs FROM jobs GROUP BY state',
    ),
  };
}

function toJob(line: Line): Job {
  return {
    id: line.id,
    key: line.key,
    lock: line.lock ?? undefined,
    state: line.state,
    attempts: line.attempts,
    failures: line.failures,
    outages: line.outages,
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
