import type { Clock } from '../clock.ts';
import { codeOf, retryOf, ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { decideRetry, type RetrySettings } from './retry.ts';
import {
  type Adoption,
  type AskedBy,
  CANCELLED,
  type Cancellation,
  type Ending,
  type Job,
  type JobStore,
  type JsonObject,
  type Limit,
  type Passage,
  type Postponement,
  type Reason,
} from './store.ts';

/** One attempt at a job, as a handler sees it. */
export interface Work {
  readonly job: Job;
  /** Aborted when the runner stops and the handler's time is up. */
  readonly signal: AbortSignal;
  /**
   * Aborted when an operator wants the job to end, with a `jobs.cancelled` error: to be thrown where
   * nothing is left unread. What the attempt comes to instead stands.
   */
  readonly cancel: AbortSignal;
  save(report: JsonObject): Promise<void>;
  adopt(identity: { key: string; lock: string }): Promise<Adoption>;
  /** Asks the brakes, before the first change. */
  pass(limits: readonly Limit[]): Promise<Passage>;
}

export type Outcome =
  | { readonly kind: 'done'; readonly reason?: Reason }
  | { readonly kind: 'superseded' | 'needs-attention'; readonly reason: Reason }
  /** Not without somebody's approval. */
  | { readonly kind: 'held'; readonly reason: Reason }
  /** A planned wait, not a failure. */
  | { readonly kind: 'later'; readonly reason: Reason; readonly afterMs: number };

/** Throws what is a failure; `errors.ts` says whether another attempt may help. */
export type Handler = (work: Work) => Promise<Outcome>;

export interface RunnerParts {
  readonly store: JobStore;
  readonly handler: Handler;
  readonly concurrency: number;
  readonly retry: RetrySettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Hears how each attempt ended, once that is on disk, and how long it took. Must not throw. */
  readonly onLeft?: (job: Job, end: AttemptEnd, ms: number) => void;
}

/** Timers are 32 bit; a job that is due later than this is looked at again then. */
const LONGEST_TIMER_MS = 60 * 60_000;
/** How long to leave a store alone that just failed. */
const STORE_PAUSE_MS = 1_000;
/** How a job waits that was stopped, or claimed while stopping: for the next start. */
const STOPPED = {
  reason: { code: 'service.stopping', message: 'the service was stopped' },
  countsAs: 'interruption',
} as const;
/** After the signal is aborted a handler gets this long to come back. */
const LAST_CHANCE_MS = 15_000;

/**
 * Takes due jobs from the store and hands them to the handler, a bounded number at a time. One loop
 * claims: it runs after each wake-up, each end of a job and each due time, never twice at once.
 */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #running = new Map<string, Running>();
  #state: 'new' | 'started' | 'stopping' = 'new';
  #callOff: () => void = () => undefined;
  #claiming: Promise<void> | undefined;
  #isWakeMissed = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Queues what the last process left running and begins to work. */
  async start(): Promise<void> {
    if (this.#state !== 'new') {
      return;
    }
    this.#state = 'started';
    const { store, clock, log } = this.#parts;
    const { queued, poisoned } = await store.recover(clock.now());
    if (queued > 0) {
      log.warn({ jobs: queued }, 'interrupted jobs queued again');
    }
    if (poisoned.length > 0) {
      log.error(
        { jobs: poisoned, code: 'jobs.poisoned' },
        'jobs set aside that the process died of',
      );
    }
    const pause = await store.paused();
    if (pause !== undefined) {
      log.warn({ reason: pause.reason }, 'still paused: work is accepted, but none begun');
    }
    this.wake();
  }

  /** Ends a job that does not run, and asks a running one to come to an end. */
  async cancel(id: string, by: AskedBy): Promise<Cancellation> {
    const answer = await this.#parts.store.cancel(id, by, this.#parts.clock.now());
    if (answer.kind === 'asked') {
      // It may be claimed, but not begun yet.
      await this.#claiming;
      this.#running.get(id)?.cancel.abort(cancelled());
    }
    return answer;
  }

  /** Looks for due jobs now: after something was accepted. */
  wake(): void {
    if (this.#state !== 'started') {
      return;
    }
    if (this.#claiming !== undefined) {
      this.#isWakeMissed = true;
      return;
    }
    this.#callOff();
    this.#claiming = this.#claimDue().finally(() => {
      this.#claiming = undefined;
      if (this.#isWakeMissed) {
        this.#isWakeMissed = false;
        this.wake();
      }
    });
  }

  /**
   * Takes no more work; lets the running jobs finish for `graceMs`, then aborts them and waits for
   * them to come back. What was aborted is tried again at the next start.
   */
  async stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    const { clock } = this.#parts;
    this.#state = 'stopping';
    this.#callOff();
    await this.#claiming;
    await within(clock, graceMs, this.#idle());
    for (const { abort } of this.#running.values()) {
      abort.abort(new ServiceError('service.stopping', 'the service stops'));
    }
    await within(clock, LAST_CHANCE_MS, this.#idle());
  }

  #idle(): Promise<unknown> {
    return Promise.all([...this.#running.values()].map(({ promise }) => promise));
  }

  async #claimDue(): Promise<void> {
    const { store, concurrency, clock, log } = this.#parts;
    try {
      while (this.#isStarted() && this.#running.size < concurrency) {
        const job = await store.claim(clock.now());
        if (job === undefined) {
          this.#sleepUntil(await store.nextDueAt());
          return;
        }
        if (!this.#isStarted()) {
          await store.postpone(job.id, { ...STOPPED, dueAt: clock.now() }, clock.now());
          return;
        }
        this.#begin(job);
      }
    } catch (error) {
      log.error({ err: error }, 'the queue cannot be read, will try again');
      this.#wakeAfter(STORE_PAUSE_MS);
    }
  }

  /** Asked again after each wait: stopping may have begun meanwhile. */
  #isStarted(): boolean {
    return this.#state === 'started';
  }

  #sleepUntil(dueAt: number | undefined): void {
    if (dueAt !== undefined) {
      this.#wakeAfter(dueAt - this.#parts.clock.now());
    }
  }

  #wakeAfter(ms: number): void {
    this.#callOff();
    if (this.#state === 'started') {
      const bounded = Math.min(Math.max(ms, 1), LONGEST_TIMER_MS);
      this.#callOff = this.#parts.clock.after(bounded, () => this.wake());
    }
  }

  #begin(job: Job): void {
    const abort = new AbortController();
    const cancel = new AbortController();
    if (job.isCancelAsked) {
      cancel.abort(cancelled());
    }
    const signals = { signal: abort.signal, cancel: cancel.signal };
    const promise = this.#attempt(job, signals).finally(() => {
      this.#running.delete(job.id);
      this.wake();
    });
    this.#running.set(job.id, { promise, abort, cancel });
  }

  async #attempt(job: Job, signals: Pick<Work, 'signal' | 'cancel'>): Promise<void> {
    const { store, handler, clock } = this.#parts;
    const log = this.#parts.log.child({ jobId: job.id, attempt: job.attempts });
    log.info('job begun');
    const startedAt = clock.now();
    const work: Work = {
      job,
      ...signals,
      save: (report) => store.save(job.id, report, clock.now()),
      adopt: (identity) => store.adopt(job.id, identity, clock.now()),
      pass: (limits) => store.pass(job.id, limits, clock.now()),
    };
    const left = await Promise.try(handler, work).then(
      (outcome) => this.#endOf(outcome),
      (error: unknown) => this.#endOfFailure(job, error, signals.signal, log),
    );
    const ending = signals.cancel.aborted && goesOn(left) ? CANCELLED : left;
    await this.#settle(job.id, ending, log);
    const { state, reason } = ending;
    const cancelAsked = signals.cancel.aborted;
    const ms = Math.round(clock.now() - startedAt);
    log.info({ ms, state, code: reason?.code, cancelAsked }, 'job left');
    this.#parts.onLeft?.(job, ending, ms);
  }

  #endOf(outcome: Outcome): AttemptEnd {
    switch (outcome.kind) {
      case 'later':
        return this.#waiting({ ...outcome, countsAs: 'nothing' });
      case 'held':
        return { state: 'held', reason: outcome.reason };
      default:
        return { state: outcome.kind, ...(outcome.reason && { reason: outcome.reason }) };
    }
  }

  #endOfFailure(job: Job, error: unknown, signal: AbortSignal, log: Logger): AttemptEnd {
    if (signal.aborted) {
      return this.#waiting({ afterMs: 0, ...STOPPED });
    }
    const reason = { code: codeOf(error), message: messageOf(error) };
    if (reason.code === 'jobs.cancelled') {
      return { state: 'cancelled', reason };
    }
    const retry = retryOf(error);
    const decision = decideRetry(
      {
        retry,
        failures: 1 + (retry === 'outage' ? job.outages : job.failures),
        askedMs: error instanceof ServiceError ? error.retryAfterMs : undefined,
      },
      this.#parts.retry,
      this.#parts.random,
    );
    log.warn({ err: error, code: reason.code, retry: decision }, 'attempt failed');
    if (decision.kind === 'give-up') {
      return { state: 'needs-attention', reason };
    }
    const countsAs = retry === 'outage' ? 'outage' : 'failure';
    return this.#waiting({ afterMs: decision.afterMs, reason, countsAs });
  }

  #waiting(given: Omit<Postponement, 'dueAt'> & { readonly afterMs: number }): AttemptEnd {
    const { afterMs, reason, countsAs } = given;
    const dueAt = Math.round(this.#parts.clock.now() + afterMs);
    return { state: 'waiting', dueAt, reason, countsAs };
  }

  /**
   * Until this is on disk the job counts as running: a store that is out of order is asked until it
   * obeys or the service stops. Any other fault is ours; the next start finds the job running.
   */
  async #settle(id: string, end: AttemptEnd, log: Logger): Promise<void> {
    const { store, clock } = this.#parts;
    for (;;) {
      try {
        await leave(store, id, end, clock.now());
        return;
      } catch (error) {
        log.error({ err: error }, 'the end of a job cannot be stored');
        if (this.#state === 'stopping' || codeOf(error) !== 'jobs.store-unusable') {
          return;
        }
        await new Promise<void>((resolve) => clock.after(STORE_PAUSE_MS, resolve));
      }
    }
  }
}

interface Running {
  readonly promise: Promise<void>;
  readonly abort: AbortController;
  readonly cancel: AbortController;
}

/** How an attempt left its job. */
export type AttemptEnd =
  | Ending
  | { readonly state: 'held'; readonly reason: Reason }
  | (Postponement & { readonly state: 'waiting' });

/** What a cancelled job may not do. One that was cut off does: it has to read first what became of its last call. */
function goesOn(end: AttemptEnd): boolean {
  return end.state === 'held' || (end.state === 'waiting' && end.countsAs !== 'interruption');
}

function leave(store: JobStore, id: string, end: AttemptEnd, now: number): Promise<void> {
  switch (end.state) {
    case 'waiting':
      return store.postpone(id, end, now);
    case 'held':
      return store.hold(id, end.reason, now);
    default:
      return store.finish(id, end, now);
  }
}

function cancelled(): ServiceError {
  return new ServiceError('jobs.cancelled', CANCELLED.reason.message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure';
}

/** Resolves when the promise does or the time is up, whichever is first. */
async function within(clock: Clock, ms: number, promise: Promise<unknown>): Promise<void> {
  const timeUp = Promise.withResolvers<void>();
  const callOff = clock.after(ms, timeUp.resolve);
  await Promise.race([promise, timeUp.promise]);
  callOff();
}
