import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Installation } from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';

/** The real program, `node src/main.ts`, as an operating system starts and ends it. */
export class Program {
  static readonly #all = new Set<Program>();
  readonly child: ChildProcess;
  output = '';

  constructor({ configFile, secrets }: Installation) {
    this.child = spawn(process.execPath, ['src/main.ts', '--config', configFile], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...secrets },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    Program.#all.add(this);
    this.child.once('exit', () => Program.#all.delete(this));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data) => {
        this.output += data;
      });
    }
  }

  async started(): Promise<void> {
    const listens = () => {
      if (this.child.exitCode !== null) {
        throw new Error(`the program ended with ${this.child.exitCode}:\n${this.output}`);
      }
      return this.output.includes('service started');
    };
    // A busy machine may take its time.
    await eventually('the program listens', listens, 60_000);
  }

  /** Kills what a failed test left running. */
  static async killAll(): Promise<void> {
    await Promise.all([...Program.#all].map((program) => program.end('SIGKILL')));
  }

  /** Ends it with a signal and gives its exit code, null if the signal killed it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill(signal);
      await exited;
    }
    return this.child.exitCode;
  }
}

/** Below the range from which systems take ports for outgoing connections. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

/**
 * A port that was free a moment ago, and that no outgoing connection gets: who asks a closed port of that
 * range again and again is one day connected to himself, and then the port is taken.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) {
      return port;
    }
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
