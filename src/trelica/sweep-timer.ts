import type { Clock } from '../clock.ts';
import type { SweepReport } from '../offboarding/ports.ts';
import { OUTAGES } from './gate.ts';

export interface SweepTimerParts {
  /** Never rejects; a call during a sweep joins it. */
  readonly sweep: () => Promise<SweepReport>;
  /** 0: never. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Webhooks may have been lost while the service was away; many that start together do not ask together. */
const FIRST_WITHIN_MS = { least: 5_000, most: 20_000 };
const LONGEST_MS = 60 * 60_000;

/**
 * Sweeps soon after the start and then again and again, the next one counted from the end of the last. While
 * Trelica can't be asked the pauses double, up to an hour; when it is back, `soon` ends them.
 */
export class SweepTimer {
  readonly #parts: SweepTimerParts;
  #pauseMs: number;
  #callOff: (() => void) | undefined;
  #sweeping: Promise<void> | undefined;
  /** Somebody wants one that begins after the one under way. */
  #isHurried = false;
  #isStopped = false;

  constructor(parts: SweepTimerParts) {
    this.#parts = parts;
    this.#pauseMs = parts.everyMs;
  }

  start(): void {
    this.soon();
  }

  /** Sweeps within seconds, whatever was planned. */
  soon(): void {
    this.#isHurried = this.#sweeping !== undefined;
    this.#sweepAfter(this.#soonMs());
  }

  /** Starts no more sweeps; resolves when the one under way has ended. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#callOff?.();
    await this.#sweeping;
  }

  #sweepAfter(ms: number): void {
    this.#callOff?.();
    if (!this.#isStopped && this.#parts.everyMs > 0) {
      this.#callOff = this.#parts.clock.after(Math.round(ms), () => {
        this.#sweeping ??= this.#sweep().finally(() => {
          this.#sweeping = undefined;
        });
      });
    }
  }

  async #sweep(): Promise<void> {
    const { sweep, everyMs, random } = this.#parts;
    const report = await sweep();
    this.#pauseMs = isAway(report)
      ? Math.max(everyMs, Math.min(2 * this.#pauseMs, LONGEST_MS))
      : everyMs;
    // Give or take a tenth.
    this.#sweepAfter(this.#isHurried ? this.#soonMs() : this.#pauseMs * (0.9 + random() / 5));
    this.#isHurried = false;
  }

  #soonMs(): number {
    const { least, most } = FIRST_WITHIN_MS;
    return least + this.#parts.random() * (most - least);
  }
}

function isAway({ workflows }: SweepReport): boolean {
  return workflows.some(({ error }) => error !== undefined && OUTAGES.includes(error.code));
}
