import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';

export interface LineSettings {
  /** Callers that may wait; one more is refused with `powershell.overloaded`. */
  readonly limit: number;
  /** How long a caller waits before it is refused the same way. */
  readonly timeoutMs: number;
}

interface Place<T> {
  readonly promise: Promise<T>;
  resolve(thing: T): void;
  reject(error: Error): void;
}

/** Callers that wait for something, first come, first served; limited in number and in time. */
export class WaitingLine<T> {
  readonly #settings: LineSettings;
  readonly #clock: Clock;
  readonly #places = new Set<Place<T>>();

  constructor(settings: LineSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  get length(): number {
    return this.#places.size;
  }

  /** Waits for a turn. Throws `powershell.overloaded`, or `powershell.cancelled` when the caller gives up. */
  join(signal: AbortSignal | undefined): Promise<T> {
    if (signal?.aborted) {
      return Promise.reject(givenUp());
    }
    if (this.#places.size >= this.#settings.limit) {
      return Promise.reject(overloaded('too many calls wait for a PowerShell session'));
    }
    const place: Place<T> = Promise.withResolvers<T>();
    this.#places.add(place);
    const leave = (error: ServiceError) => {
      if (this.#places.delete(place)) {
        place.reject(error);
      }
    };
    const late = () => leave(overloaded('no PowerShell session was free in time'));
    const callOff = this.#clock.after(this.#settings.timeoutMs, late);
    const onAbort = () => leave(givenUp());
    signal?.addEventListener('abort', onAbort, { once: true });
    return place.promise.finally(() => {
      callOff();
      signal?.removeEventListener('abort', onAbort);
    });
  }

  /** Gives it to the first in line. Throws if nobody waits. */
  serve(thing: T): void {
    const [first] = this.#places;
    if (first === undefined) {
      throw new Error('nobody waits');
    }
    this.#places.delete(first);
    first.resolve(thing);
  }

  refuseAll(error: Error): void {
    for (const place of this.#places) {
      place.reject(error);
    }
    this.#places.clear();
  }
}

function overloaded(message: string): ServiceError {
  return new ServiceError('powershell.overloaded', message);
}

function givenUp(): ServiceError {
  return new ServiceError('powershell.cancelled', 'given up while waiting for a session');
}
