import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { findEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { runs } from './processes.ts';
import { WORKER } from './worker-contract.ts';

const engine = findEngine();
const skip = engine === undefined ? 'neither pwsh nor a .NET SDK is installed here' : false;

test('two seconds after the service was killed no worker runs, idle, busy or deaf', { skip }, () =>
  killTheService(engine?.command ?? ['']),
);

test('the same when the workers ignore that the terminal hangs up', { skip }, () =>
  killTheService(['/bin/sh', '-c', 'trap "" HUP; exec "$0" "$@"', ...(engine?.command ?? [])]),
);

async function killTheService(command: readonly string[]): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'or-'));
  const holder = resolve(import.meta.dirname, 'session-holder.ts');
  const module = resolve('test/support/TestModule/TestModule.psm1');
  const service = spawn(process.execPath, [holder, base, WORKER, module, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(createInterface(service.stdout), 'line');
    const workers: number[] = JSON.parse(String(line));
    assert.equal(workers.length, 3);
    assert.ok(workers.every(runs));
    service.kill('SIGKILL');
    await eventually('every worker is gone', () => !workers.some(runs), 2_000);
  } finally {
    service.kill('SIGKILL');
    rmSync(base, { recursive: true, force: true });
  }
}
