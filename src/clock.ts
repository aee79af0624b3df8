/** Time as it is passed to the parts, so that a simulation can move it. */
export interface Clock {
  /**
   * Whole milliseconds since the epoch as this process counts them: the date at its start plus what has
   * passed since by the monotonic clock. For durations, deadlines and due times; never jumps.
   */
  now(): number;
  /** Milliseconds since the epoch by the machine's clock, which may jump: only for people to read. */
  wall(): number;
  /** Acts once after a while; the answer calls it off. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  wall: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after a while; rejects with the signal's reason as soon as it is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      callOff();
      reject(signal.reason);
    };
    const callOff = clock.after(ms, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
  });
}
