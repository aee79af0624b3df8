import type { Clock } from '../clock.ts';

export interface ThrottleParts {
  readonly clock: Clock;
  readonly maximum: number;
  readonly onChange: () => void;
}

/** How long fewer work at once, unless the other side asks for longer. */
const EASE_AFTER_MS = 60_000;
const LONGEST_ASKED_MS = 15 * 60_000;

/** How many may work at the same time: half as many after each complaint, one more after each quiet while. */
export class Throttle {
  readonly #parts: ThrottleParts;
  #allowed: number;
  #callOff: () => void = () => undefined;

  constructor(parts: ThrottleParts) {
    this.#parts = parts;
    this.#allowed = parts.maximum;
  }

  get allowed(): number {
    return this.#allowed;
  }

  /** The other side complained, and perhaps said how long it wants to be spared. */
  slowDown(retryAfterMs = 0): void {
    this.#allowed = Math.max(1, Math.floor(this.#allowed / 2));
    this.#easeAfter(Math.max(EASE_AFTER_MS, Math.min(retryAfterMs, LONGEST_ASKED_MS)));
  }

  stop(): void {
    this.#callOff();
  }

  #easeAfter(ms: number): void {
    this.#callOff();
    this.#callOff = this.#parts.clock.after(ms, () => {
      this.#allowed = Math.min(this.#parts.maximum, this.#allowed + 1);
      if (this.#allowed < this.#parts.maximum) {
        this.#easeAfter(EASE_AFTER_MS);
      }
      this.#parts.onChange();
    });
  }
}
