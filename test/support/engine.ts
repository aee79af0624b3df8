import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

export interface Engine {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** The real pwsh, if it is on PATH. */
export function findPwsh(): Engine | undefined {
  const program = programOnPath('pwsh');
  return program === undefined ? undefined : { name: 'pwsh', command: [program] };
}

/**
 * The PowerShell engine to test the worker on: pwsh where it is installed, else a small host of the
 * same engine, built here where a .NET SDK is present, else none.
 */
export function findEngine(): Engine | undefined {
  return findPwsh() ?? buildEngineHost();
}

function buildEngineHost(): Engine | undefined {
  const dotnet = programOnPath('dotnet');
  if (dotnet === undefined) {
    return undefined;
  }
  const project = resolve(import.meta.dirname, 'engine-host');
  const output = join(project, 'bin', 'host');
  const host = join(output, 'engine-host.dll');
  if (!existsSync(host)) {
    execFileSync(
      dotnet,
      ['build', project, '-c', 'Release', '-o', output, '-v', 'quiet', '--nologo'],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
  }
  return { name: 'engine host', command: [dotnet, host] };
}

function programOnPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
