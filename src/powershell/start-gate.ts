import {
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  type IBackoffFactory,
  noJitterGenerator,
} from 'cockatiel';
import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';

export interface GateParts {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** A fault that no other attempt cures (a refused sign-in, a missing module): opens the breaker at once. */
  readonly isFinal: (error: Error) => boolean;
  /** Called when a start may be tried again. */
  readonly onPassable: () => void;
}

/** Starts that fail in a row, for whatever reason, before the breaker opens. */
const FAILURES_IN_A_ROW = 4;
/** Pause after a failed start while the breaker is closed: from nothing to this, at random. */
const RECONNECT = { initialDelay: 1_000, maxDelay: 60_000 };
/** How long an open breaker lets nobody through; longer each time it opens again. */
const WINDOW = { initialDelay: 60_000, maxDelay: 15 * 60_000 };
const LONGEST_ASKED_MS = 15 * 60_000;

/**
 * Says when a session may be started: not while another start is under way, not right after a
 * failure, and while the breaker is open only one per window. Signing in must not be hammered.
 */
export class StartGate {
  readonly #parts: GateParts;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #reconnect: Pauses;
  readonly #window: Pauses;
  #isTrying = false;
  #passableAt = 0;
  #callOff: (() => void) | undefined;
  #lastFailure: Error | undefined;
  #openings = 0;

  constructor(parts: GateParts) {
    this.#parts = parts;
    let failures = 0;
    this.#breaker = circuitBreaker(handleAll, {
      // The pool's own clock says when an open breaker is tried: cockatiel's is the wall's, which may jump.
      halfOpenAfter: Number.NEGATIVE_INFINITY,
      breaker: {
        state: undefined,
        success: () => {
          failures = 0;
        },
        failure: () => {
          failures += 1;
          return failures >= FAILURES_IN_A_ROW || this.#isFinal();
        },
      },
    });
    this.#breaker.onBreak(() => {
      this.#openings += 1;
    });
    // Full jitter: many services that lost the same server don't come back together.
    this.#reconnect = new Pauses(RECONNECT, parts.random);
    this.#window = new Pauses(WINDOW, () => 1 + parts.random() / 10);
  }

  get isPassable(): boolean {
    return !this.#isTrying && this.#callOff === undefined;
  }

  /** Milliseconds until the next start may be tried. */
  get passableInMs(): number {
    return Math.max(0, Math.round(this.#passableAt - this.#parts.clock.now()));
  }

  get isBroken(): boolean {
    return this.#breaker.state !== CircuitState.Closed;
  }

  /** How often the breaker has opened. */
  get openings(): number {
    return this.#openings;
  }

  /** Why the last start failed, until one succeeds. */
  get lastFailure(): Error | undefined {
    return this.#lastFailure;
  }

  /** Lets one start through. Throws what the start throws, after shutting the gate for a while. */
  async pass<T>(start: () => Promise<T>): Promise<T> {
    this.#isTrying = true;
    try {
      const started = await this.#breaker.execute(() => this.#watch(start));
      this.#lastFailure = undefined;
      this.#window.reset();
      return started;
    } catch (error) {
      this.#shutAfter(error);
      throw error;
    } finally {
      this.#isTrying = false;
    }
  }

  /** What was started died young: the next start waits as after a failed one. */
  noteEarlyDeath(): void {
    this.#shutFor(this.#reconnect.next());
  }

  /** What was started grew old enough: the next pause is a short one again. */
  noteLongLife(): void {
    this.#reconnect.reset();
  }

  /** What made starts fail was set right: the next one need not wait. */
  openNow(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#passableAt = this.#parts.clock.now();
    this.#reconnect.reset();
    this.#window.reset();
  }

  /** Lets nothing through any more. */
  stop(): void {
    this.#callOff?.();
    this.#callOff = () => undefined;
  }

  /** The breaker asks for the cause as soon as it hears of the failure. */
  async #watch<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      this.#lastFailure = error instanceof Error ? error : new Error('unknown fault');
      throw error;
    }
  }

  #isFinal(): boolean {
    return this.#lastFailure !== undefined && this.#parts.isFinal(this.#lastFailure);
  }

  #shutAfter(error: unknown): void {
    const asked = error instanceof ServiceError ? (error.retryAfterMs ?? 0) : 0;
    const own = this.isBroken ? this.#window.next() : this.#reconnect.next();
    this.#shutFor(Math.max(own, Math.min(asked, LONGEST_ASKED_MS)));
  }

  #shutFor(ms: number): void {
    this.#callOff?.();
    this.#passableAt = this.#parts.clock.now() + ms;
    this.#callOff = this.#parts.clock.after(ms, () => {
      this.#callOff = undefined;
      this.#parts.onPassable();
    });
  }
}

/** Pauses that double from the first to the longest, each times a random factor. */
class Pauses {
  readonly #first: IBackoffFactory<unknown>;
  #next: IBackoffFactory<unknown>;

  constructor(range: { initialDelay: number; maxDelay: number }, factor: () => number) {
    this.#first = new ExponentialBackoff<number>({
      ...range,
      generator: (state, options) => {
        const [delay, next] = noJitterGenerator(state, options);
        return [Math.round(delay * factor()), next];
      },
    });
    this.#next = this.#first;
  }

  next(): number {
    const pause = this.#next.next(undefined);
    this.#next = pause;
    return pause.duration;
  }

  reset(): void {
    this.#next = this.#first;
  }
}
