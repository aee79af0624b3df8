import type { Limit } from './brakes.ts';
import type { Report } from './report.ts';
import type { LeaverRequest } from './request.ts';

/** One attempt at one job, as the queue hands it over. */
export interface Attempt {
  readonly request: LeaverRequest;
  /** What earlier attempts left behind. */
  readonly report: Report;
  /**
   * When the first of them began, in milliseconds since the epoch; where a person has had the job tried again, the
   * first since then.
   */
  readonly since: number;
  /** Aborted when the service stops and the attempt's time is up. */
  readonly signal: AbortSignal;
  /** Aborted when an operator wants the job to end: heeded where nothing is left unread. */
  readonly cancel?: AbortSignal | undefined;
  save(report: Report): Promise<void>;
  /** Claims the run and the person for this job. */
  adopt(identity: { key: string; lock: string }): Promise<
    | { readonly kind: 'adopted' }
    /** Another job has this run. */
    | { readonly kind: 'key-taken'; readonly by: string }
    /** Another job is at work on this person. */
    | { readonly kind: 'locked'; readonly by: string }
  >;
  /** Counts this leaver as begun, once for all attempts, unless a limit is used up and nobody has approved. */
  pass(
    limits: readonly Limit[],
  ): Promise<{ readonly kind: 'passed' } | { readonly kind: 'over'; readonly limit: Limit }>;
}
