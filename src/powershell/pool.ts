import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { CommandRequest } from './frames.ts';
import type { Session } from './session.ts';
import type { CommandLimits, CommandOutcome, Sessions } from './sessions.ts';

export interface PoolSettings {
  /** Sessions at the same time. */
  readonly size: number;
  /** Callers that may wait for a session; one more is refused with `powershell.overloaded`. */
  readonly queueLimit: number;
  /** How long a caller waits before it is refused the same way. */
  readonly queueTimeoutMs: number;
}

export interface PoolParts {
  /** Starts a session and makes it ready for work; ends it itself if that fails or is aborted. */
  readonly open: (signal: AbortSignal) => Promise<Session>;
  /** Whether a session that gave this outcome is of no more use. */
  readonly isSpent: (outcome: CommandOutcome) => boolean;
  readonly random: () => number;
  readonly log: Logger;
}

interface Waiter {
  resolve(session: Session): void;
  reject(error: Error): void;
}

/** After a failed start the next one waits, longer each time: signing in must not be hammered. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const LONGEST_ASKED_MS = 15 * 60_000;

/**
 * Warm sessions, replaced when they end. `#decide` is the only place where something is started or
 * given out; it runs after every change.
 */
export class Pool implements Sessions {
  readonly #settings: PoolSettings;
  readonly #parts: PoolParts;
  readonly #idle: Session[] = [];
  readonly #busy = new Set<Session>();
  readonly #waiters: Waiter[] = [];
  readonly #starting = new Set<Promise<void>>();
  #failures = 0;
  #lastFailure: Error | undefined;
  #pause: NodeJS.Timeout | undefined;
  readonly #stopped = new AbortController();

  constructor(settings: PoolSettings, parts: PoolParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Starts the first session ahead of need. */
  start(): void {
    this.#decide();
  }

  /** Why no session can be had now; undefined if one is ready or at work. */
  get obstacle(): string | undefined {
    if (this.#busy.size > 0 || this.#idle.some((session) => session.state === 'ready')) {
      return undefined;
    }
    return this.#lastFailure?.message ?? 'the first session is being started';
  }

  /** Runs one command in the next free session. */
  async run(request: CommandRequest, limits: CommandLimits): Promise<CommandOutcome> {
    const session = await this.#lease(limits.signal);
    try {
      const outcome = await session.run(request, limits);
      if (this.#parts.isSpent(outcome)) {
        void session.stop('its connection is gone');
      }
      return outcome;
    } finally {
      this.#release(session);
    }
  }

  /** Refuses whoever waits, then ends every session. May be called twice. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#pause);
    this.#refuseAll(new ServiceError('service.stopping', 'the service stops'));
    await Promise.all(this.#starting);
    const sessions = [...this.#idle.splice(0), ...this.#busy];
    await Promise.all(sessions.map((session) => session.stop('the service stops')));
  }

  async #lease(signal: AbortSignal | undefined): Promise<Session> {
    if (signal?.aborted) {
      throw new ServiceError('powershell.cancelled', 'given up before it began');
    }
    if (this.#stopped.signal.aborted) {
      throw new ServiceError('service.stopping', 'the service stops');
    }
    if (this.#waiters.length >= this.#settings.queueLimit) {
      throw overloaded('too many calls wait for a PowerShell session');
    }
    const lease = Promise.withResolvers<Session>();
    this.#waiters.push(lease);
    const leave = (error: Error) => this.#leave(lease, error);
    const late = overloaded('no PowerShell session was free in time');
    const timer = setTimeout(() => leave(late), this.#settings.queueTimeoutMs);
    const onAbort = () => leave(new ServiceError('powershell.cancelled', 'given up while waiting'));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#decide();
    try {
      return await lease.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #leave(waiter: Waiter, error: Error): void {
    const index = this.#waiters.indexOf(waiter);
    if (index >= 0) {
      this.#waiters.splice(index, 1);
      waiter.reject(error);
    }
  }

  #release(session: Session): void {
    if (this.#busy.delete(session)) {
      this.#idle.push(session);
    }
    this.#decide();
  }

  #decide(): void {
    this.#dropEnding();
    for (let session = this.#idle[0]; session !== undefined; session = this.#idle[0]) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) {
        return;
      }
      this.#idle.shift();
      this.#busy.add(session);
      waiter.resolve(session);
    }
    const sessions = this.#idle.length + this.#busy.size + this.#starting.size;
    const isWanted = sessions === 0 || this.#waiters.length > this.#starting.size;
    if (
      !this.#stopped.signal.aborted &&
      this.#pause === undefined &&
      isWanted &&
      sessions < this.#settings.size
    ) {
      this.#open();
    }
  }

  /** One that is ending, or has ended, takes nothing any more. */
  #dropEnding(): void {
    const ready = this.#idle.filter((session) => session.state === 'ready');
    this.#idle.splice(0, this.#idle.length, ...ready);
  }

  #open(): void {
    const starting = this.#parts
      .open(this.#stopped.signal)
      .then(
        (session) => this.#admit(session),
        (error: unknown) =>
          this.#holdOff(error instanceof Error ? error : new Error('unknown fault')),
      )
      .finally(() => {
        this.#starting.delete(starting);
        this.#decide();
      });
    this.#starting.add(starting);
  }

  #admit(session: Session): void {
    this.#failures = 0;
    this.#lastFailure = undefined;
    this.#idle.push(session);
    void session.ended.then(() => this.#forget(session));
  }

  #forget(session: Session): void {
    this.#busy.delete(session);
    this.#decide();
  }

  /** Whoever waits learns the cause now: a job that waits for an outage holds no place here. */
  #holdOff(error: Error): void {
    this.#failures += 1;
    this.#lastFailure = error;
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    const asked = error instanceof ServiceError ? (error.retryAfterMs ?? 0) : 0;
    const jittered = ceiling / 2 + (this.#parts.random() * ceiling) / 2;
    const ms = Math.round(Math.max(jittered, Math.min(asked, LONGEST_ASKED_MS)));
    this.#parts.log.error({ err: error, failures: this.#failures, nextMs: ms }, 'no session');
    if (this.#idle.length + this.#busy.size === 0) {
      this.#refuseAll(error);
    }
    if (!this.#stopped.signal.aborted) {
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        this.#decide();
      }, ms);
    }
  }

  #refuseAll(error: Error): void {
    for (const waiter of this.#waiters.splice(0)) {
      waiter.reject(error);
    }
  }
}

function overloaded(message: string): ServiceError {
  return new ServiceError('powershell.overloaded', message);
}
