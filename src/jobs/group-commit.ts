interface Pending {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Done {
  readonly pending: Pending;
  readonly value: unknown;
}

/** How many writes share one transaction at most: bounds how long the event loop is kept busy. */
const LARGEST_GROUP = 500;

/**
 * Runs all writes of one turn of the event loop in one transaction, so that many callers share one
 * flush to disk. A promise resolves only after the commit; a write that throws rejects its own caller
 * and is rolled back alone; a failed commit rejects everybody.
 */
export class GroupCommit {
  readonly #transaction: (group: () => void) => void;
  readonly #savepoint: (work: () => unknown) => unknown;
  #pending: Pending[] = [];
  #scheduled = false;

  /** `transaction` commits what the group did or throws; `savepoint` undoes one work that throws. */
  constructor(
    transaction: (group: () => void) => void,
    savepoint: (work: () => unknown) => unknown,
  ) {
    this.#transaction = transaction;
    this.#savepoint = savepoint;
  }

  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ work, resolve: (value) => resolve(value as T), reject });
      this.#schedule();
    });
  }

  /** Commits what is pending now, so that nothing is left when the database closes. */
  flush(): void {
    while (this.#pending.length > 0) {
      this.#commit();
    }
  }

  #schedule(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#commit();
        if (this.#pending.length > 0) {
          this.#schedule();
        }
      });
    }
  }

  #commit(): void {
    const group = this.#pending.splice(0, LARGEST_GROUP);
    const done: Done[] = [];
    try {
      this.#transaction(() => {
        for (const pending of group) {
          this.#runOne(pending, done);
        }
      });
    } catch (error) {
      for (const pending of group) {
        pending.reject(error);
      }
      return;
    }
    for (const { pending, value } of done) {
      pending.resolve(value);
    }
  }

  #runOne(pending: Pending, done: Done[]): void {
    try {
      done.push({ pending, value: this.#savepoint(pending.work) });
    } catch (error) {
      pending.reject(error);
    }
  }
}
