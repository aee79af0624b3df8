import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { programOnPath } from '../../src/powershell/program.ts';

const SEARCH_PATH = process.env['PATH'] ?? '';

export interface Engine {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

function findPwsh(): Engine | undefined {
  const program = programOnPath('pwsh', SEARCH_PATH);
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
  const dotnet = programOnPath('dotnet', SEARCH_PATH);
  if (dotnet === undefined) {
    return undefined;
  }
  const project = resolve(import.meta.dirname, 'engine-host');
  const output = join(project, 'bin', 'host');
  const host = join(output, 'engine-host.dll');
  if (isOutdated(host, project)) {
    execFileSync(
      dotnet,
      ['build', project, '-c', 'Release', '-o', output, '-v', 'quiet', '--nologo'],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
  }
  return { name: 'engine host', command: [dotnet, host] };
}

function isOutdated(host: string, project: string): boolean {
  const built = statSync(host, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(project)
    .filter((name) => /\.(cs|csproj)$/.test(name))
    .some((name) => statSync(join(project, name)).mtimeMs > built);
}
