/** What a span says beside its name: words and numbers of ours, never addresses, parameters or sentences. */
export type SpanFacts = Readonly<Record<string, string | number>>;

/** Lets others see how long what took, and within what. */
export interface Tracing {
  /**
   * Does the work as one span; spans begun within it are its parts. `outcomeOf` gives the word for how it
   * ended. Throws what the work throws: the span then has its error code.
   */
  within<T>(
    name: string,
    facts: SpanFacts,
    work: () => Promise<T>,
    outcomeOf: (result: T) => string,
  ): Promise<T>;
  /** Sends what is left, for a few seconds at most. */
  stop(): Promise<void>;
}

/** The usual case: nobody looks. */
export const NO_TRACING: Tracing = {
  within: (_name, _facts, work) => work(),
  stop: async () => undefined,
};
