import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Installation } from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';

/** The real program, `node src/main.ts`, as an operating system starts and ends it. */
export class Program {
  readonly child: ChildProcess;
  output = '';

  constructor({ configFile, secrets }: Installation) {
    this.child = spawn(process.execPath, ['src/main.ts', '--config', configFile], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...secrets },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data) => {
        this.output += data;
      });
    }
  }

  async started(): Promise<void> {
    await eventually(
      'the program listens',
      () => this.output.includes('service started') || this.child.exitCode !== null,
    );
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

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
