import { StringDecoder } from 'node:string_decoder';
import { type IPty, spawn } from 'node-pty';

/**
 * How long the console's last lines are kept for a fault report. They are log text, not results: what
 * a process prints just before it ends may be missing.
 */
const TAIL_CHARACTERS = 4_000;

export interface PtyOptions {
  readonly command: readonly [string, ...string[]];
  /** The script the shell is to run. */
  readonly script: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface PtyExit {
  readonly exitCode: number;
  readonly signal: number | undefined;
}

/**
 * A process with a terminal as its console. The console is always drained, or the process would hang
 * after 16 kB; only control bytes are ever written to it (a queued write outlives the process and goes
 * to whichever file has its number next: microsoft/node-pty, `unixTerminal.ts`).
 */
export class Pty {
  readonly exited: Promise<PtyExit>;
  readonly #process: IPty;
  readonly #decoder = new StringDecoder('utf8');
  #tail = '';
  #isGone = false;

  constructor({ command: [program, ...leading], script, directory, environment }: PtyOptions) {
    this.#process = spawn(
      program,
      [...leading, '-NoLogo', '-NoProfile', '-NonInteractive', '-File', script],
      {
        name: 'dumb',
        cols: 200,
        rows: 50,
        cwd: directory,
        env: { ...environment },
        encoding: null,
      },
    );
    this.exited = new Promise((resolve) => {
      this.#process.onExit(({ exitCode, signal }) => {
        this.#isGone = true;
        resolve({ exitCode, signal });
      });
    });
    this.#process.onData((data) => {
      this.#drain(data);
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The last lines of the console, without escape codes and control characters. */
  get tail(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go
    const escapes = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b-\x1f\x7f]/g;
    return this.#tail.replace(escapes, '').trim();
  }

  /** The interrupt key: stops the script, whose `finally` ends the process. */
  interrupt(): void {
    this.#write('\x03');
  }

  /** Kills the process and everything in its group, also what a process that is gone left there. */
  kill(): void {
    try {
      if (process.platform === 'win32') {
        this.#process.kill();
      } else {
        process.kill(-this.pid, 'SIGKILL');
      }
    } catch (error) {
      if (!isNotOurs(error)) {
        throw error;
      }
    }
  }

  #drain(data: string | Buffer): void {
    const text = typeof data === 'string' ? data : this.#decoder.write(data);
    this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
    // A console that asks what it is talking to waits for the answer: up to 10 s in .NET, 3 s in ConPTY.
    if (text.includes('\x1b[6n')) {
      this.#write('\x1b[1;1R');
    }
    if (text.includes('\x1b[c')) {
      this.#write('\x1b[?61c');
    }
  }

  #write(control: string): void {
    if (!this.#isGone) {
      this.#process.write(control);
    }
  }
}

/** ESRCH: it is gone. EPERM: it is gone, and its number is somebody else's now. */
function isNotOurs(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ESRCH', 'EPERM'].includes(`${error.code}`);
}
