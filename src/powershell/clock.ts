/** Time as the pool sees it: monotonic, in milliseconds, and in a simulation not the machine's. */
export interface Clock {
  now(): number;
  /** Acts once after a while; the answer calls it off. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
