import { rest } from '../support/virtual-clock.ts';

/** Turns of the event loop without a sign of life, after which nothing more comes by itself. */
const QUIET_TURNS = 2;
/** The HTTP front takes some turns of its own between two signs of life. */
const QUIET_TURNS_OF_HTTP = 6;

/** Knows when everything has happened that can happen without time passing. */
export class Stillness {
  #signs = 0;
  #requests = 0;

  /** Somebody did something that others may go on from. */
  disturb(): void {
    this.#signs += 1;
  }

  /** While an HTTP request is under way. */
  async during<T>(request: Promise<T>): Promise<T> {
    this.#requests += 1;
    this.disturb();
    try {
      return await request;
    } finally {
      this.#requests -= 1;
      this.disturb();
    }
  }

  async reached(): Promise<void> {
    for (let quiet = 0; quiet < (this.#requests > 0 ? QUIET_TURNS_OF_HTTP : QUIET_TURNS); ) {
      const before = this.#signs;
      await rest();
      quiet = this.#signs === before ? quiet + 1 : 0;
    }
  }
}
