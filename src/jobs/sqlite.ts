import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import { ServiceError } from '../errors.ts';
import { copyDatabase } from './backup.ts';
import { GroupCommit } from './group-commit.ts';
import { History } from './history.ts';
import { MIGRATIONS } from './migrations.ts';
import { openDatabase } from './open-database.ts';
import { LONGEST_PAUSE_MS } from './retry.ts';
import { type Head, prepareStatements, toJob } from './statements.ts';
import type { JobState } from './states.ts';
import { eventOf, JOB_STATES, mayBecome } from './states.ts';
import {
  type Accepted,
  type Adoption,
  type AskedBy,
  type Backup,
  CANCELLED,
  type Cancellation,
  type Ending,
  type EventFacts,
  type Job,
  type JobEvent,
  type JobFilter,
  type JobStore,
  type JsonObject,
  type Limit,
  type NewJob,
  type Passage,
  type Pause,
  type Postponement,
  type Reason,
  type Recovery,
} from './store.ts';

/** A job during which the process died so often in a row is set aside: it may be what kills it. */
const MOST_CRASHES = 3;

/** Opens the queue in one file. Throws what `openDatabase` throws. */
export function openSqliteStore(file: string): JobStore {
  return new SqliteStore(openDatabase(file));
}

class SqliteStore implements JobStore {
  readonly #database: Database.Database;
  readonly #writes: GroupCommit;
  readonly #statements;
  readonly #history: History;

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
    this.#statements = prepareStatements(database);
    this.#history = new History(database);
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
      const { lastInsertRowid } = this.#statements.insert.run({
        id,
        key: job.key,
        provisional: job.isKeyProvisional === true ? 1 : 0,
        lock: job.lock ?? null,
        request: JSON.stringify(job.request),
        now,
      });
      this.#history.add(Number(lastInsertRowid), 'accepted', {}, now);
      return { job: this.#get(id), duplicate: false };
    });
  }

  claim(now: number): Promise<Job | undefined> {
    return this.#write(() => {
      const next = this.#isPaused() ? undefined : this.#statements.claimable.get({ now });
      if (next === undefined) {
        return undefined;
      }
      this.#note(next, 'running', { attempt: next.attempts + 1 }, now);
      this.#statements.begin.run({ id: next.id, now });
      return this.#get(next.id);
    });
  }

  async nextDueAt(): Promise<number | undefined> {
    return this.#isPaused() ? undefined : this.#statements.nextDue.get()?.dueAt;
  }

  adopt(id: string, identity: { key: string; lock: string }, now: number): Promise<Adoption> {
    return this.#write((): Adoption => {
      const job = this.#running(id);
      const owner = this.#statements.byKey.get(identity.key);
      if (owner !== undefined && owner.id !== id) {
        return { kind: 'key-taken', by: owner.id };
      }
      const holder = this.#statements.runningByLock.get(identity.lock);
      if (holder !== undefined && holder.id !== id) {
        return { kind: 'locked', by: holder.id };
      }
      this.#statements.adopt.run({ id, now, ...identity });
      // Each attempt adopts again: only the first has something to tell.
      if (job.key !== identity.key || job.lock !== identity.lock) {
        this.#history.add(job.sequence, 'adopted', {}, now);
      }
      return { kind: 'adopted' };
    });
  }

  save(id: string, report: JsonObject, now: number): Promise<void> {
    return this.#write(() => {
      this.#running(id);
      this.#statements.save.run({ id, report: JSON.stringify(report), now });
    });
  }

  pass(id: string, limits: readonly Limit[], now: number): Promise<Passage> {
    return this.#write((): Passage => {
      const job = this.#running(id);
      if (job.passedAt !== null) {
        return { kind: 'passed' };
      }
      const limit = job.approved === 1 ? undefined : limits.find((one) => this.#isUsedUp(one, now));
      if (limit !== undefined) {
        return { kind: 'over', limit };
      }
      this.#statements.pass.run({ id, now });
      return { kind: 'passed' };
    });
  }

  #isUsedUp({ most, withinMs }: Limit, now: number): boolean {
    return (this.#statements.passed.get(now - withinMs)?.jobs ?? 0) >= most;
  }

  postpone(id: string, postponement: Postponement, now: number): Promise<void> {
    return this.#write(() => {
      const { dueAt, reason, countsAs } = postponement;
      const job = this.#running(id);
      if (job.cancelAsked === 1 && countsAs !== 'interruption') {
        this.#end(job, CANCELLED, {}, now);
        return;
      }
      this.#note(job, 'waiting', { ...reason, dueAt }, now);
      const failed = countsAs === 'failure' ? 1 : 0;
      const outage = countsAs === 'outage' ? 1 : 0;
      this.#statements.postpone.run({ id, dueAt, ...reason, failed, outage, now });
    });
  }

  hold(id: string, reason: Reason, now: number): Promise<void> {
    return this.#write(() => {
      const job = this.#running(id);
      if (job.cancelAsked === 1) {
        this.#end(job, CANCELLED, {}, now);
        return;
      }
      this.#note(job, 'held', reason, now);
      this.#statements.hold.run({ id, ...reason, now });
    });
  }

  finish(id: string, ending: Ending, now: number): Promise<void> {
    return this.#write(() => this.#end(this.#running(id), ending, {}, now));
  }

  recover(now: number): Promise<Recovery> {
    return this.#write((): Recovery => {
      this.#statements.drawIn.run({ now, longest: LONGEST_PAUSE_MS });
      this.#statements.drawInPassages.run({ now });
      const interrupted = this.#statements.running.all();
      const poisoned = interrupted.filter(({ crashes }) => crashes + 1 >= MOST_CRASHES);
      for (const job of poisoned) {
        this.#end(job, POISONED, {}, now);
      }
      const queued = interrupted.filter((job) => !poisoned.includes(job));
      for (const job of queued) {
        this.#note(job, 'queued', {}, now);
        this.#statements.requeue.run({ id: job.id, now });
      }
      return { queued: queued.length, poisoned: poisoned.map(({ id }) => id) };
    });
  }

  retry(id: string, by: AskedBy, now: number): Promise<boolean> {
    return this.#write(() => {
      const job = this.#statements.headById.get(id);
      const owner = job === undefined ? undefined : this.#statements.byKey.get(job.key);
      const isTaken = owner !== undefined && owner.id !== id;
      if (job === undefined || isTaken || !RETRYABLE.includes(job.state)) {
        return false;
      }
      this.#note(job, 'queued', { by }, now);
      this.#statements.retry.run({ id, now });
      return true;
    });
  }

  cancel(id: string, by: AskedBy, now: number): Promise<Cancellation> {
    return this.#write((): Cancellation => {
      const job = this.#statements.headById.get(id);
      if (job === undefined) {
        return { kind: 'unknown' };
      }
      if (job.state === 'running') {
        this.#askToCancel(job, by, now);
        return { kind: 'asked' };
      }
      if (!mayBecome(job.state, 'cancelled')) {
        return { kind: 'ended', state: job.state };
      }
      this.#end(job, CANCELLED, { by }, now);
      return { kind: 'cancelled' };
    });
  }

  #askToCancel(job: Head, by: AskedBy, now: number): void {
    if (job.cancelAsked === 0) {
      this.#history.add(job.sequence, 'cancel-asked', { by }, now);
      this.#statements.askToCancel.run({ id: job.id, now });
    }
  }

  approve(id: string, by: AskedBy, now: number): Promise<boolean> {
    return this.#write(() => {
      const job = this.#statements.headById.get(id);
      if (job?.state !== 'held') {
        return false;
      }
      this.#note(job, 'queued', { by }, now);
      this.#statements.approve.run({ id, now });
      return true;
    });
  }

  pause(reason: string | undefined, now: number): Promise<void> {
    return this.#write(() => {
      this.#statements.pause.run({ reason: reason ?? null, now });
    });
  }

  resume(): Promise<void> {
    return this.#write(() => {
      this.#statements.resume.run();
    });
  }

  async paused(): Promise<Pause | undefined> {
    const found = this.#statements.paused.get();
    return found === undefined
      ? undefined
      : { since: found.since, reason: found.reason ?? undefined };
  }

  #isPaused(): boolean {
    return this.#statements.paused.get() !== undefined;
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

  async list({ state, lock, before, limit }: JobFilter): Promise<readonly Job[]> {
    const cursor = before === undefined ? undefined : this.#statements.headById.get(before);
    if (before !== undefined && cursor === undefined) {
      return [];
    }
    const page = { below: cursor?.sequence ?? Number.MAX_SAFE_INTEGER, limit };
    const { list, listLock, listLockAndState, listState } = this.#statements;
    if (lock !== undefined) {
      const lines =
        state === undefined
          ? listLock.all({ lock, ...page })
          : listLockAndState.all({ lock, state, ...page });
      return lines.map(toJob);
    }
    return (state === undefined ? list.all(page) : listState.all({ state, ...page })).map(toJob);
  }

  async history(id: string): Promise<readonly JobEvent[]> {
    const job = this.#statements.headById.get(id);
    return job === undefined ? [] : this.#history.of(job.sequence);
  }

  async count(): Promise<Readonly<Record<JobState, number>>> {
    const counted = new Map(this.#statements.count.all().map((row) => [row.state, row.jobs]));
    return Object.fromEntries(
      JOB_STATES.map((state) => [state, counted.get(state) ?? 0]),
    ) as Record<JobState, number>;
  }

  forget(before: number, most: number): Promise<number> {
    return this.#write(() => {
      const lines = this.#statements.forgettable.all({ before, most });
      for (const { sequence } of lines) {
        this.#history.forget(sequence);
        this.#statements.forget.run(sequence);
      }
      return lines.length;
    });
  }

  backup(folder: string, date: Date): Promise<Backup> {
    return copyDatabase(this.#database, folder, date);
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

  /** Asserts that there is this move and writes it down; the caller's statement makes it. */
  #note(job: Head, to: JobState, facts: EventFacts, now: number): void {
    this.#history.add(job.sequence, eventOf(job.state, to), facts, now);
  }

  #end(job: Head, { state, reason }: Ending, facts: EventFacts, now: number): void {
    this.#note(job, state, { ...reason, ...facts }, now);
    const { code = null, message = null } = reason ?? {};
    this.#statements.finish.run({ id: job.id, state, code, message, now });
  }

  #get(id: string): Job {
    const line = this.#statements.byId.get(id);
    if (line === undefined) {
      throw new Error(`no job ${id}`);
    }
    return toJob(line);
  }

  /** Only a running job may be saved, adopted, passed, postponed, held or finished: anything else is a fault of ours. */
  #running(id: string): Head {
    const job = this.#statements.headById.get(id);
    if (job?.state !== 'running') {
      throw new Error(job ? `job ${id} is ${job.state}, not running` : `no job ${id}`);
    }
    return job;
  }
}

const RETRYABLE: readonly JobState[] = ['needs-attention', 'cancelled'];

const POISONED: Ending = {
  state: 'needs-attention',
  reason: {
    code: 'jobs.poisoned',
    message: `the process died ${MOST_CRASHES} times while this job ran`,
  },
};
