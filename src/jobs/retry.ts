import type { Retry } from '../errors.ts';

export interface RetrySettings {
  /** Failed attempts after which a job with a `limited` fault is given up. */
  readonly maxAttempts: number;
}

export type RetryDecision =
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'give-up' };

const FIRST_MS = 5_000;
const LONGEST_MS = { limited: 5 * 60_000, outage: 15 * 60_000 };
/** What the other side asks for is obeyed, but not for longer than a day. */
export const LONGEST_PAUSE_MS = 24 * 60 * 60_000;

/**
 * Whether and when to try again after the n-th failed attempt (n ≥ 1). Half of the pause is
 * random: many jobs that failed together do not come back together. `random` is in [0, 1).
 */
export function decideRetry(
  fault: {
    readonly retry: Retry;
    readonly failures: number;
    readonly askedMs?: number | undefined;
  },
  settings: RetrySettings,
  random: () => number,
): RetryDecision {
  const { retry, failures, askedMs = 0 } = fault;
  if (retry === 'never' || (retry === 'limited' && failures >= settings.maxAttempts)) {
    return { kind: 'give-up' };
  }
  const ceiling = Math.min(LONGEST_MS[retry], FIRST_MS * 2 ** Math.min(failures - 1, 20));
  const jittered = ceiling / 2 + (random() * ceiling) / 2;
  return {
    kind: 'again',
    afterMs: Math.round(Math.max(jittered, Math.min(askedMs, LONGEST_PAUSE_MS))),
  };
}
