/** One line that says what is waited for, on a terminal only, and gone when the wait is over. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #isShown = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(what: string): void {
    if (this.#stream.isTTY) {
      this.clear();
      this.#stream.write(`… waiting for ${what}`);
      this.#isShown = true;
    }
  }

  clear(): void {
    if (this.#isShown) {
      this.#stream.clearLine(0);
      this.#stream.cursorTo(0);
      this.#isShown = false;
    }
  }
}
