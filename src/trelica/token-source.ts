import { ServiceError } from '../errors.ts';
import type { Token } from './token.ts';

/** So that a token does not expire between being taken and being read at the other end. */
const RENEW_EARLY_MS = 60_000;
/** Callers in this time after a failure get the same one: a sweep of many workflows asks once. */
const PAUSE_AFTER_FAILURE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;

interface Held {
  readonly token: string;
  readonly renewAt: number;
}

interface Failed {
  readonly error: unknown;
  readonly until: number;
}

/** The access token of this service: one request for it at a time, kept until shortly before it expires. */
export class TokenSource {
  readonly #request: () => Promise<Token>;
  readonly #now: () => number;
  #held: Held | undefined;
  #failed: Failed | undefined;
  #pending: Promise<string> | undefined;

  /** `now` is in monotonic milliseconds. */
  constructor(request: () => Promise<Token>, now: () => number) {
    this.#request = request;
    this.#now = now;
  }

  /** A token that is good for a while. Throws what the request for it throws. */
  async current(): Promise<string> {
    const now = this.#now();
    if (this.#held !== undefined && now < this.#held.renewAt) {
      return this.#held.token;
    }
    if (this.#failed !== undefined && now < this.#failed.until) {
      throw this.#failed.error;
    }
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Says that a token was refused. One that was replaced meanwhile is forgotten already. */
  invalidate(token: string): void {
    if (this.#held?.token === token) {
      this.#held = undefined;
    }
  }

  async #renew(): Promise<string> {
    const askedAt = this.#now();
    try {
      const { token, lifetimeMs } = await this.#request();
      const early = Math.min(RENEW_EARLY_MS, lifetimeMs / 2);
      this.#held = { token, renewAt: askedAt + lifetimeMs - early };
      return token;
    } catch (error) {
      this.#failed = { error, until: this.#now() + pauseAfter(error) };
      throw error;
    }
  }
}

function pauseAfter(error: unknown): number {
  const askedMs = error instanceof ServiceError ? error.retryAfterMs : undefined;
  return Math.min(askedMs ?? PAUSE_AFTER_FAILURE_MS, LONGEST_PAUSE_MS);
}
