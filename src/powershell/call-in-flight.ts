import { ServiceError } from '../errors.ts';
import type { ResultFrame, Row } from './frames.ts';
import type { CommandOutcome } from './sessions.ts';

/** More rows than any question of ours has: beyond it the answer is not kept, or it would fill the memory. */
const MOST_ROWS = 200_000;

/** One command that was sent and not answered yet: what came of it so far, and who waits for it. */
export class CallInFlight {
  readonly id: number;
  readonly #rows: Row[] = [];
  readonly #answer = Promise.withResolvers<CommandOutcome>();
  #verdict: ServiceError | undefined;

  constructor(id: number) {
    this.id = id;
  }

  /** The outcome; rejects with what went wrong if it is unknown. */
  get outcome(): Promise<CommandOutcome> {
    return this.#answer.promise;
  }

  /** Throws `powershell.answer-too-large`. */
  add(rows: readonly Row[]): void {
    if (this.#rows.length + rows.length > MOST_ROWS) {
      throw new ServiceError('powershell.answer-too-large', `more than ${MOST_ROWS} rows`);
    }
    for (const row of rows) {
      this.#rows.push(row);
    }
  }

  /** Given up: however it ends from here, its caller hears this. */
  giveUp(error: ServiceError): void {
    this.#verdict ??= error;
  }

  finish({ errors: [error], warnings }: ResultFrame): void {
    if (this.#verdict !== undefined) {
      this.#answer.reject(this.#verdict);
    } else if (error === undefined) {
      this.#answer.resolve({ kind: 'completed', rows: this.#rows, warnings });
    } else {
      this.#answer.resolve({ kind: 'failed', error, rows: this.#rows, warnings });
    }
  }

  /** There will be no answer: its effect is unknown. */
  lose(error: ServiceError): void {
    this.#answer.reject(this.#verdict ?? error);
  }
}
