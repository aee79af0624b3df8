import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { JobStore } from './store.ts';

export interface RetentionParts {
  readonly store: Pick<JobStore, 'forget'>;
  /** How long jobs are kept after their end. */
  readonly days: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Not at once: a start has better things to do. */
const FIRST_AFTER_MS = 60_000;
const AGAIN_AFTER_MS = 60 * 60_000;
/** A few milliseconds' work, and then it is everybody else's turn. */
const JOBS_AT_ONCE = 100;
const NEXT_BATCH_AFTER_MS = 250;
const DAY_MS = 24 * 60 * 60_000;

/** Deletes jobs that ended long ago, with their history, a few at a time. The answer ends it. */
export function startRetention({ store, days, clock, log }: RetentionParts): () => void {
  let isStopped = false;
  let callOff = clock.after(FIRST_AFTER_MS, () => void forgetSome());

  async function forgetSome(): Promise<void> {
    const forgotten = await store
      .forget(endOfKeeping({ days, clock }), JOBS_AT_ONCE)
      .catch((error: unknown) => {
        log.error({ err: error }, 'old jobs cannot be deleted, will try again');
        return 0;
      });
    if (forgotten > 0) {
      log.info({ jobs: forgotten }, 'old jobs deleted');
    }
    if (!isStopped) {
      const afterMs = forgotten === JOBS_AT_ONCE ? NEXT_BATCH_AFTER_MS : AGAIN_AFTER_MS;
      callOff = clock.after(afterMs, () => void forgetSome());
    }
  }

  return () => {
    isStopped = true;
    callOff();
  };
}

/** The same at once and to the end, for a round with nobody beside it. Throws what the store throws. */
export async function forgetOldJobs({
  store,
  ...kept
}: Omit<RetentionParts, 'log'>): Promise<void> {
  const before = endOfKeeping(kept);
  let forgotten = JOBS_AT_ONCE;
  while (forgotten === JOBS_AT_ONCE) {
    forgotten = await store.forget(before, JOBS_AT_ONCE);
  }
}

/** What ended before this time is deleted. */
function endOfKeeping({ days, clock }: Pick<RetentionParts, 'days' | 'clock'>): number {
  return clock.now() - days * DAY_MS;
}
