import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { SessionEnd, SessionState, Vitals } from './session.ts';

/** What the pool needs of a session. */
export interface PooledSession {
  readonly state: SessionState;
  /** Resolves when the process is gone. Never rejects. */
  readonly ended: Promise<SessionEnd>;
  /** Undefined if it does not answer in time. */
  ping(timeoutMs: number): Promise<Vitals | undefined>;
  /** Resolves when the process is gone or nothing more can be done. */
  stop(reason: string): Promise<void>;
}

/**
 * The life of a session in the pool, asserted at every move.
 *   starting     the shell starts
 *   connecting   the module is loaded and signs in
 *   idle         waits for a caller
 *   busy         is leased
 *   draining     is leased for the last time
 *   stopping     is being ended
 *   dead         the process is gone, or was given up
 */
const MOVES = {
  starting: ['connecting', 'stopping', 'dead'],
  connecting: ['idle', 'stopping', 'dead'],
  idle: ['busy', 'stopping', 'dead'],
  busy: ['idle', 'draining', 'stopping', 'dead'],
  draining: ['stopping', 'dead'],
  stopping: ['dead'],
  dead: [],
} as const satisfies Record<string, readonly string[]>;
export type MemberState = keyof typeof MOVES;

/** When a session is replaced, successor first. */
export interface RecycleLimits {
  readonly operations: number;
  readonly ageMs: number;
  readonly memoryBytes: number;
  /** A session beyond the minimum that rested so long goes without a successor. */
  readonly idleMs: number;
}

/** Leases come and go with each call; everything else is worth a line in the log. */
const ROUTINE: readonly MemberState[] = ['busy', 'idle'];

/** One session of the pool, with what the pool knows of it. */
export class Member<S extends PooledSession> {
  readonly id: string;
  readonly #limits: RecycleLimits;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #startedAt: number;
  #state: MemberState = 'starting';
  #since: number;
  #session: S | undefined;
  #operations = 0;
  #memoryBytes: number | undefined;
  #missedPings = 0;
  #outdated: string | undefined;

  constructor(
    id: string,
    { limits, clock, log }: { limits: RecycleLimits; clock: Clock; log: Logger },
  ) {
    this.id = id;
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log.child({ sessionId: id });
    this.#startedAt = clock.now();
    this.#since = this.#startedAt;
    this.#log.info({ to: this.#state }, 'session state');
  }

  get state(): MemberState {
    return this.#state;
  }

  get session(): S {
    if (this.#session === undefined) {
      throw new Error(`session ${this.id} has not started`);
    }
    return this.#session;
  }

  get ageMs(): number {
    return this.#clock.now() - this.#startedAt;
  }

  /** Why it is to be replaced; undefined as long as it is good. */
  get due(): string | undefined {
    if (this.#outdated !== undefined) {
      return this.#outdated;
    }
    const { operations, ageMs, memoryBytes } = this.#limits;
    if (this.#operations >= operations) {
      return `${this.#operations} commands`;
    }
    if (this.ageMs >= ageMs) {
      return `${Math.round(this.ageMs / 60_000)} minutes old`;
    }
    return (this.#memoryBytes ?? 0) > memoryBytes ? `${this.#memoryBytes} bytes` : undefined;
  }

  /** Idle for so long that it may go if others are left. */
  get isSurplus(): boolean {
    return this.#state === 'idle' && this.#clock.now() - this.#since >= this.#limits.idleMs;
  }

  /** Pings in a row that were not answered. */
  get missedPings(): number {
    return this.#missedPings;
  }

  notePing(vitals: Vitals | undefined): void {
    this.#missedPings = vitals === undefined ? this.#missedPings + 1 : 0;
    this.#memoryBytes = vitals?.memoryBytes ?? this.#memoryBytes;
  }

  /** What it was started with is not what one would be started with now. */
  outdate(reason: string): void {
    this.#outdated = reason;
  }

  /** The shell has started. */
  begin(session: S): void {
    this.#session = session;
    this.move('connecting', 'the worker greeted');
  }

  move(to: MemberState, reason: string): void {
    const allowed: readonly MemberState[] = MOVES[this.#state];
    if (!allowed.includes(to)) {
      throw new Error(`a ${this.#state} member of the pool cannot become ${to}`);
    }
    const from = this.#state;
    this.#state = to;
    this.#since = this.#clock.now();
    this.#operations += to === 'busy' ? 1 : 0;
    const level = ROUTINE.includes(from) && ROUTINE.includes(to) ? 'debug' : 'info';
    this.#log[level](
      {
        from,
        to,
        reason,
        ageMs: Math.round(this.ageMs),
        operations: this.#operations,
        memoryBytes: this.#memoryBytes,
      },
      'session state',
    );
  }
}
