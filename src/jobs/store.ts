/**
 * The durable queue's contract. A store knows keys, locks, states and times; it does not know what a
 * job means (`request` and `report` are JSON it keeps and returns unread).
 *
 * States:  queued → running → done | superseded | needs-attention
 *                     ↓  ↑
 *                    waiting (until `dueAt`, with a reason; holds no slot and no lock)
 * A job that needs attention is queued again by `retry`, once a person has seen to it.
 * A job that was running when the process died is queued again by `recover`.
 * All times are milliseconds since the epoch, given by the caller: a store has no clock.
 */
export const JOB_STATES = [
  'queued',
  'running',
  'waiting',
  'done',
  'superseded',
  'needs-attention',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };
export type JsonObject = { readonly [name: string]: JsonValue };

/** Why a job waits or ended as it did. `code` is an error code or a word of the handler's. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

export interface NewJob {
  /** What makes two requests the same work. */
  readonly key: string;
  /** A key that stands for the work only until the job has adopted its final one or has ended. */
  readonly isKeyProvisional?: boolean;
  /** Two jobs with the same lock never run at once. May become known later (`adopt`). */
  readonly lock?: string;
  readonly request: JsonObject;
}

export interface Job {
  readonly id: string;
  readonly key: string;
  readonly lock: string | undefined;
  readonly state: JobState;
  /** How often the work was begun; counted before the work. */
  readonly attempts: number;
  /** How many attempts failed in a way that only a few more may cure. */
  readonly failures: number;
  /** How many met an outage of another side: these do not use up the attempts. */
  readonly outages: number;
  readonly request: JsonObject;
  /** What the handler last saved. */
  readonly report: JsonObject | undefined;
  readonly reason: Reason | undefined;
  readonly dueAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
}

export interface Accepted {
  readonly job: Job;
  /** True if a job with this key was there already; `job` is that one, unchanged. */
  readonly duplicate: boolean;
}

export type Adoption =
  | { readonly kind: 'adopted' }
  /** Another job has this key: the work is that job's. */
  | { readonly kind: 'key-taken'; readonly by: string }
  /** Another job with this lock is running. */
  | { readonly kind: 'locked'; readonly by: string };

export type Ending = {
  readonly state: 'done' | 'superseded' | 'needs-attention';
  readonly reason?: Reason;
};

export interface Postponement {
  readonly dueAt: number;
  readonly reason: Reason;
  /** What the attempt counts as; `nothing` for one that just came too early or was stopped. */
  readonly countsAs: 'failure' | 'outage' | 'nothing';
}

export interface JobFilter {
  readonly state?: JobState;
  /** Only jobs made before the one with this id, newest first: the cursor of a listing. */
  readonly before?: string;
  readonly limit: number;
}

export interface JobStore {
  /** Resolves only when the job is on disk (or was there before). Safe to call many times at once. */
  accept(job: NewJob, now: number): Promise<Accepted>;
  /** Takes the job that is due longest and whose lock is free, marks it running, counts the attempt. */
  claim(now: number): Promise<Job | undefined>;
  /** When the next waiting or queued job falls due; undefined if there is none. */
  nextDueAt(): Promise<number | undefined>;
  /** Gives a running job its final key and its lock, once its handler has learnt them. */
  adopt(id: string, identity: { key: string; lock: string }, now: number): Promise<Adoption>;
  /** Saves the handler's report of a running job. Durable when it resolves. */
  save(id: string, report: JsonObject, now: number): Promise<void>;
  /** Running → waiting until `dueAt`. */
  postpone(id: string, postponement: Postponement, now: number): Promise<void>;
  /** Running → an end state. */
  finish(id: string, ending: Ending, now: number): Promise<void>;
  /** Queues every job that was running when the last process ended; returns how many. Call once, before the first claim. */
  recover(now: number): Promise<number>;
  /**
   * Needs attention → queued, with all its attempts before it again. False if it is in another state, or
   * if another job does its work by now.
   */
  retry(id: string, now: number): Promise<boolean>;
  /**
   * Lets the waiting jobs with one of these reasons fall due now, for when what they wait for has come back.
   * Returns how many.
   */
  hasten(reasonCodes: readonly string[], now: number): Promise<number>;
  find(id: string): Promise<Job | undefined>;
  /** Newest first. */
  list(filter: JobFilter): Promise<readonly Job[]>;
  count(): Promise<Readonly<Record<JobState, number>>>;
  /** Resolves if the store can be written to now; rejects with `jobs.store-unusable` otherwise, as any write does. */
  check(): Promise<void>;
  close(): Promise<void>;
}
