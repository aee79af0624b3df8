import type { JobEventName, JobState } from './states.ts';

/**
 * The durable queue's contract. A store knows keys, locks, states and times; it does not know what a
 * job means (`request` and `report` are JSON it keeps and returns unread).
 *
 * States and the ways between them: `states.ts`, asserted at every move. A job that waits until `dueAt` or
 * is held for approval holds neither slot nor lock. Each move is written into the job's history together
 * with the move itself.
 * All times are whole milliseconds since the epoch, given by the caller: a store has no clock.
 */

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
  /** How often in a row the process died while it ran. */
  readonly crashes: number;
  /** Somebody wants it to end; it does when its attempt comes to a safe point. */
  readonly isCancelAsked: boolean;
  readonly request: JsonObject;
  /** What the handler last saved. */
  readonly report: JsonObject | undefined;
  readonly reason: Reason | undefined;
  readonly dueAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When it was begun first, or first since somebody had it tried again. */
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
  readonly state: 'done' | 'superseded' | 'needs-attention' | 'cancelled';
  readonly reason?: Reason;
};

/** How a job ends that somebody wants to end. */
export const CANCELLED = {
  state: 'cancelled',
  reason: { code: 'jobs.cancelled', message: 'an operator cancelled it' },
} as const satisfies Ending;

export interface Postponement {
  readonly dueAt: number;
  readonly reason: Reason;
  /**
   * What the attempt counts as: `nothing` if it just came too early, `interruption` if it was cut off, so
   * that nobody knows what became of its last call.
   */
  readonly countsAs: 'failure' | 'outage' | 'nothing' | 'interruption';
}

/** At most so many jobs are let through within so long. */
export interface Limit {
  readonly most: number;
  readonly withinMs: number;
}

export type Passage =
  | { readonly kind: 'passed' }
  /** This limit is used up. */
  | { readonly kind: 'over'; readonly limit: Limit };

/** Who asked for something: whoever has the operator's token, or a sweep that saw the run wait at last. */
export type AskedBy = 'http' | 'sweep';

export type Cancellation =
  | { readonly kind: 'cancelled' }
  /** It runs: it ends when its attempt comes to a safe point. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'ended'; readonly state: JobState }
  | { readonly kind: 'unknown' };

export interface Recovery {
  readonly queued: number;
  /** Ids of jobs that are set aside because the process died so often while they ran. */
  readonly poisoned: readonly string[];
}

/** Something that happened to a job. Repeats are one line: an outage of days does not fill the disk. */
export interface JobEvent {
  readonly event: JobEventName;
  readonly at: number;
  /** How often it happened, the last time at `lastAt`; the facts are those of the last time. */
  readonly times: number;
  readonly lastAt: number;
  readonly facts: EventFacts;
}

export interface EventFacts {
  readonly code?: string;
  readonly message?: string;
  readonly attempt?: number;
  /** Until when it waits. */
  readonly dueAt?: number;
  readonly by?: AskedBy;
}

export interface Pause {
  readonly since: number;
  readonly reason: string | undefined;
}

export interface Backup {
  readonly file: string;
  readonly bytes: number;
}

export interface JobFilter {
  readonly state?: JobState;
  readonly lock?: string;
  /** Only jobs made before the one with this id, newest first: the cursor of a listing. */
  readonly before?: string;
  readonly limit: number;
}

export interface JobStore {
  /** Resolves only when the job is on disk (or was there before). Safe to call many times at once. */
  accept(job: NewJob, now: number): Promise<Accepted>;
  /**
   * Takes the job that is due longest and whose lock is free, marks it running, counts the attempt. None
   * while the queue is paused.
   */
  claim(now: number): Promise<Job | undefined>;
  /** When the next waiting or queued job falls due; undefined if there is none, or while the queue is paused. */
  nextDueAt(): Promise<number | undefined>;
  /** Gives a running job its final key and its lock, once its handler has learnt them. */
  adopt(id: string, identity: { key: string; lock: string }, now: number): Promise<Adoption>;
  /** Saves the handler's report of a running job. Durable when it resolves. */
  save(id: string, report: JsonObject, now: number): Promise<void>;
  /**
   * Lets a running job through the brakes and counts it, once for all its attempts; or not, if a limit is
   * used up and nobody has approved the job. Counted and decided as one, and on disk when it resolves.
   */
  pass(id: string, limits: readonly Limit[], now: number): Promise<Passage>;
  /**
   * Running → waiting until `dueAt`; or → cancelled, if that was asked for meanwhile and the attempt was
   * not an interruption.
   */
  postpone(id: string, postponement: Postponement, now: number): Promise<void>;
  /** Running → held until somebody approves it; or → cancelled, if that was asked for meanwhile. */
  hold(id: string, reason: Reason, now: number): Promise<void>;
  /** Running → an end state. */
  finish(id: string, ending: Ending, now: number): Promise<void>;
  /**
   * Queues every job that was running when the last process ended, and sets aside those that were for the
   * third time in a row. Draws in due times that lie further ahead than a pause may be, since the clock may
   * have been set back. Call once, before the first claim.
   */
  recover(now: number): Promise<Recovery>;
  /**
   * Needs attention, cancelled → queued, with all its attempts before it again. False if it is in another
   * state, or if another job does its work by now.
   */
  retry(id: string, by: AskedBy, now: number): Promise<boolean>;
  /** Ends a job that does not run; writes down for a running one that it is to end. */
  cancel(id: string, by: AskedBy, now: number): Promise<Cancellation>;
  /** Held → queued, and past the brakes. False if it is in another state. */
  approve(id: string, by: AskedBy, now: number): Promise<boolean>;
  /** Nothing new is claimed until `resume`, also by the next process. The beginning of the pause stays if there is one. */
  pause(reason: string | undefined, now: number): Promise<void>;
  resume(): Promise<void>;
  paused(): Promise<Pause | undefined>;
  /**
   * Lets the waiting jobs with one of these reasons fall due now, for when what they wait for has come back.
   * Returns how many.
   */
  hasten(reasonCodes: readonly string[], now: number): Promise<number>;
  find(id: string): Promise<Job | undefined>;
  /** Newest first. */
  list(filter: JobFilter): Promise<readonly Job[]>;
  /** Oldest first; bounded in size. Empty for an unknown job. */
  history(id: string): Promise<readonly JobEvent[]>;
  count(): Promise<Readonly<Record<JobState, number>>>;
  /**
   * Deletes up to `most` jobs that were done, superseded or cancelled before this time, with their history;
   * returns how many. A job that needs attention stays: its work is still owed.
   */
  forget(before: number, most: number): Promise<number>;
  /**
   * Writes a consistent copy of everything into a new file of this folder while work goes on, and opens it
   * to see that it is whole. `date` names the file.
   */
  backup(folder: string, date: Date): Promise<Backup>;
  /** Resolves if the store can be written to now; rejects with `jobs.store-unusable` otherwise, as any write does. */
  check(): Promise<void>;
  close(): Promise<void>;
}
