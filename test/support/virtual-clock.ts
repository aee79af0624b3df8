import type { Clock } from '../../src/clock.ts';

interface Alarm {
  readonly at: number;
  readonly act: () => void;
}

/** A clock that stands still until it is told to go on. */
export class VirtualClock implements Clock {
  #now: number;
  #jumpedBy = 0;
  /** The next first; of two at the same time the one that was set first. */
  readonly #alarms: Alarm[] = [];
  readonly #settled: () => Promise<void>;

  /** `settled` waits until whatever an alarm set off has come to rest. */
  constructor(startsAt = 0, settled: () => Promise<void> = rest) {
    this.#now = startsAt;
    this.#settled = settled;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now + this.#jumpedBy;
  }

  /** Somebody sets the clock on the wall. */
  jump(ms: number): void {
    this.#jumpedBy += ms;
  }

  after(ms: number, act: () => void): () => void {
    const alarm = { at: this.#now + ms, act };
    this.#alarms.splice(this.#alarms.findLastIndex(({ at }) => at <= alarm.at) + 1, 0, alarm);
    return () => {
      const place = this.#alarms.indexOf(alarm);
      if (place >= 0) {
        this.#alarms.splice(place, 1);
      }
    };
  }

  /** Lets time pass, alarm by alarm, and whatever they set off come to rest each time. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settled();
    for (let next = this.#take(end); next !== undefined; next = this.#take(end)) {
      this.#now = Math.max(this.#now, next.at);
      next.act();
      await this.#settled();
    }
    this.#now = end;
  }

  #take(end: number): Alarm | undefined {
    const [next] = this.#alarms;
    return next !== undefined && next.at <= end ? this.#alarms.shift() : undefined;
  }
}

/** Until no promise is left that could go on by itself. */
export function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
