import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Installation } from '../../src/sandbox/rehearsal.ts';

const run = promisify(execFile);

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a person uses it; resolves also where it fails. */
export function cli({ secrets }: Installation, ...words: readonly string[]): Promise<Ended> {
  const env = { PATH: process.env['PATH'], ...secrets };
  const ended = run(process.execPath, ['src/cli/main.ts', ...words], { env, timeout: 120_000 });
  return ended.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}
