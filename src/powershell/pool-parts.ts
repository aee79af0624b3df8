import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { CommandRequest } from './frames.ts';
import type { MemberState, PooledSession, RecycleLimits } from './member.ts';
import type { CommandLimits, CommandOutcome } from './sessions.ts';
import type { LineSettings } from './waiting-line.ts';

export interface PoolSettings {
  /** Sessions kept ready, and at most (one more while a successor takes over). */
  readonly minimum: number;
  readonly maximum: number;
  readonly line: LineSettings;
  /** The age give or take a tenth, so that sessions of one start are not replaced together. */
  readonly recycle: RecycleLimits;
  /** Between two looks at the idle sessions. */
  readonly beatMs: number;
}

/** What an outcome says about the connection it came from. */
export type Health =
  | { readonly kind: 'sound' }
  /** Of no more use: the next session connects anew. */
  | { readonly kind: 'gone'; readonly reason: string }
  /** Serves on until its successor is there; unless it is young, when a successor would be the same. */
  | { readonly kind: 'outdated'; readonly reason: string }
  /** The other side asks for fewer calls. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | undefined };

export interface PoolParts<S extends PooledSession> {
  /** Starts a shell. Ends what it started if that fails or `signal` aborts. */
  readonly start: (id: string, signal: AbortSignal) => Promise<S>;
  /** Makes it ready for work; the pool ends the session if that throws. */
  readonly connect: (session: S) => Promise<void>;
  /** One command of a caller, on a session that is ready. Throws as `Sessions` does. */
  readonly run: (
    session: S,
    request: CommandRequest,
    limits: CommandLimits,
  ) => Promise<CommandOutcome>;
  /** Says good-bye to the other side before the session ends. Bounded in time; never rejects. */
  readonly disconnect: (session: S) => Promise<void>;
  readonly healthOf: (outcome: CommandOutcome) => Health;
  /** A fault of `start` or `connect` that no other attempt cures. */
  readonly isFinal: (error: Error) => boolean;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

export interface PoolStatus {
  /** Why no session can be had now; undefined if one is idle or at work. */
  readonly obstacle: string | undefined;
  readonly sessions: Readonly<Partial<Record<MemberState, number>>>;
  readonly waiting: number;
  /** How many may work at the same time; fewer than the maximum while the other side throttles. */
  readonly allowed: number;
  readonly breaker: 'closed' | 'open';
  /** Since the start of the service; they only grow. */
  readonly counters: Readonly<Record<Counter, number>>;
  /** Starts that failed, by the code of their fault: few and known in advance. */
  readonly failedStarts: Readonly<Partial<Record<ErrorCode, number>>>;
}

export type Counter =
  | 'started'
  | 'breakerOpenings'
  | 'recycled'
  | 'lost'
  | 'refusedCallers'
  | 'throttled';
