import type { Clock } from '../clock.ts';
import { type ErrorCode, ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';

export interface GateParts {
  /** One small request that only succeeds if Trelica answers and takes our credentials. */
  readonly probe: () => Promise<void>;
  /** Trelica answers again. */
  readonly onOpen: () => void;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

/** Faults that every other request would meet as well, whatever it asks for. */
export const OUTAGES: readonly ErrorCode[] = [
  'trelica.unreachable',
  'trelica.server-error',
  'trelica.answer-foreign',
  'trelica.throttled',
  'trelica.credentials-refused',
];
/** After one of these the next request would do harm: it was asked for silence, or may lock an account. */
const AT_ONCE: readonly ErrorCode[] = ['trelica.throttled', 'trelica.credentials-refused'];
/** The others may be one request's own bad luck; so many in a row are not. */
const FAILURES_IN_A_ROW = 3;
const FIRST_PROBE_MS = 1_000;
const LONGEST_PROBE_MS = 30_000;
/** An answer this old says little about now. */
const QUIET_MS = 10_000;
/** Who was refused last may still be on the way to waiting when the first call reaches those who wait. */
const SECOND_CALL_MS = 20_000;

interface Shut {
  readonly cause: ServiceError;
  probeAt: number;
  probes: number;
}

/**
 * Between everybody and Trelica. Open, it lets all calls pass. After an outage it is shut: callers get the
 * fault at once, and only the gate asks, at most every half minute, until Trelica answers. So the number
 * of jobs that wait makes no difference to a server in trouble.
 *
 *   open → shut   three outage faults without a success between them; one that asks for silence
 *   shut → open   a probe succeeded
 */
export class Gate {
  readonly #parts: GateParts;
  #failures = 0;
  #shut: Shut | undefined;
  #callOff: (() => void) | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #isStopped = false;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Makes the call, or throws the outage that shut the gate; `service.stopping` after `stop`. */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isStopped) {
      throw new ServiceError('service.stopping', 'the service stops');
    }
    if (this.#shut !== undefined) {
      throw this.#refusal(this.#shut);
    }
    try {
      const answer = await call();
      this.#answered();
      return answer;
    } catch (error) {
      this.#judge(error);
      throw error;
    }
  }

  /** Why nobody may pass now; undefined if everybody may. */
  get obstacle(): ServiceError | undefined {
    return this.#shut && this.#refusal(this.#shut);
  }

  /**
   * Asks Trelica in the background if it has not answered for ten seconds: an idle service would not notice
   * that it is gone. What comes of it is judged as of any call.
   */
  lookAfter(): void {
    const isQuiet = this.#parts.clock.now() - this.#answeredAt >= QUIET_MS;
    if (isQuiet && !this.#isAsking && this.#shut === undefined && !this.#isStopped) {
      this.#isAsking = true;
      void this.#ask();
    }
  }

  /** Probes no more and lets nobody pass. May be called twice. */
  stop(): void {
    this.#isStopped = true;
    this.#callOff?.();
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    try {
      await this.pass(this.#parts.probe);
    } catch (error) {
      this.#parts.log.debug({ err: error }, 'trelica was asked in vain');
    }
    this.#isAsking = false;
  }

  #answered(): void {
    this.#failures = 0;
    this.#answeredAt = this.#parts.clock.now();
  }

  #judge(error: unknown): void {
    if (!isOutage(error)) {
      // Whatever else it says, Trelica answers.
      this.#answered();
      return;
    }
    this.#failures += 1;
    const isEnough = this.#failures >= FAILURES_IN_A_ROW || AT_ONCE.includes(error.code);
    if (isEnough && this.#shut === undefined && !this.#isStopped) {
      this.#parts.log.warn({ code: error.code, err: error }, 'trelica is left alone');
      this.#shut = { cause: error, probeAt: 0, probes: 0 };
      this.#probeLater(this.#shut, error.retryAfterMs);
    }
  }

  #probeLater(shut: Shut, askedMs = 0): void {
    const { clock, random } = this.#parts;
    const grownMs = Math.min(LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(shut.probes, 10));
    // Many services that lost the same server do not come back together.
    const waitMs = Math.round(Math.max(grownMs - (random() * grownMs) / 10, askedMs));
    shut.probeAt = clock.now() + waitMs;
    this.#callOff?.();
    this.#callOff = clock.after(waitMs, () => void this.#probe(shut));
  }

  /** Never rejects. */
  async #probe(shut: Shut): Promise<void> {
    shut.probes += 1;
    try {
      await this.#parts.probe();
    } catch (error) {
      if (isOutage(error)) {
        this.#parts.log.debug({ code: error.code, probes: shut.probes }, 'trelica does not answer');
        this.#shut = { ...shut, cause: error };
        this.#again(this.#shut, error.retryAfterMs);
        return;
      }
      this.#parts.log.info({ err: error }, 'trelica answers, though not as expected');
    }
    this.#open(shut);
  }

  #again(shut: Shut, askedMs: number | undefined): void {
    if (!this.#isStopped) {
      this.#probeLater(shut, askedMs);
    }
  }

  #open({ probes }: Shut): void {
    this.#shut = undefined;
    this.#answered();
    if (this.#isStopped) {
      return;
    }
    const { clock, log, onOpen } = this.#parts;
    log.info({ probes }, 'trelica answers again');
    this.#callOff = clock.after(SECOND_CALL_MS, onOpen);
    onOpen();
  }

  #refusal({ cause, probeAt }: Shut): ServiceError {
    const waitMs = Math.max(0, probeAt - this.#parts.clock.now());
    return new ServiceError(cause.code, cause.message, {
      facts: { ...cause.facts, asked: false },
      retryAfterMs: waitMs,
    });
  }
}

function isOutage(error: unknown): error is ServiceError {
  return error instanceof ServiceError && OUTAGES.includes(error.code);
}
