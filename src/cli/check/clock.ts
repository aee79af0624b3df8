import { bad, type Finding, good, skipped, warning } from './finding.ts';

const WHAT = 'Clock';
/** Entra takes assertions that are off by five minutes; half of it leaves room. */
const ODD_MS = 150_000;
const WRONG_MS = 300_000;

/** A `fetch` that remembers how far this clock is from the other side's `Date` header, to a second. */
export class ClockWatch {
  #skewMs: number | undefined;
  readonly #wall: () => number;
  readonly #interrupted: AbortSignal;

  /** `wall` gives Unix milliseconds; the signal gives up requests under way. */
  constructor(wall: () => number, interrupted: AbortSignal) {
    this.#wall = wall;
    this.#interrupted = interrupted;
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const signals = [this.#interrupted, ...(init?.signal ? [init.signal] : [])];
    const answer = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    if (!Number.isNaN(theirs)) {
      this.#skewMs = this.#wall() - theirs;
    }
    return answer;
  };

  finding(): Finding {
    if (this.#skewMs === undefined) {
      return skipped(WHAT, 'nothing to compare it with: Trelica did not answer');
    }
    const seconds = Math.round(this.#skewMs / 1_000);
    const off = Math.abs(this.#skewMs);
    const seen = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} Trelica's`;
    const cure = 'let the system keep its clock (chrony, systemd-timesyncd, w32time)';
    if (off >= WRONG_MS) {
      return bad(WHAT, seen, cure);
    }
    return off >= ODD_MS
      ? warning(WHAT, seen, cure)
      : good(WHAT, `within ${Math.abs(seconds)} s of Trelica's`);
  }
}
