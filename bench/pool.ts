import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import { installFor, startRehearsal } from '../src/sandbox/rehearsal.ts';
import { createExchangeSessions } from '../src/service/exchange-sessions.ts';
import { findEngine } from '../test/support/engine.ts';
import { at, ms } from './figures.ts';

const ROUNDS = 7;
const READ = {
  command: 'Get-AcceptedDomain',
  parameters: { ErrorAction: 'Stop' },
  properties: ['DomainName'],
};
const LIMITS = { timeoutMs: 120_000 };

/**
 * What a warm pool saves: the same call in a session that is there, and in one that is spawned and
 * connected for it and then left, turn by turn in one run.
 */
export async function benchPool(): Promise<void> {
  const engine = findEngine();
  if (engine === undefined) {
    console.log('\nWarm pool: skipped, neither pwsh nor a .NET SDK is installed here');
    return;
  }
  const rows: Record<string, object> = {};
  for (const latency of [0, 200]) {
    const { warm, cold } = await sideBySide(engine.command, latency);
    rows[`${latency} ms a call`] = {
      'warm pool': ms(at(warm, 0.5)),
      'spawn, connect, work, leave': ms(at(cold, 0.5)),
      ratio: `1 : ${(at(cold, 0.5) / at(warm, 0.5)).toFixed(0)}`,
    };
  }
  console.log(`\nOne call, on ${engine.name}: median of ${ROUNDS}, turn by turn`);
  console.table(rows);
}

async function sideBySide(command: readonly [string, ...string[]], latency: number) {
  const folder = mkdtempSync(join(tmpdir(), 'bp-'));
  const engine = { name: 'pwsh', command } as const;
  const rehearsal = await startRehearsal({ people: 20, groups: 5, latency, seed: 1, engine });
  const { configFile: file, secrets } = installFor(rehearsal, folder, 0);
  const config = loadConfig({ file, environment: { ...secrets } });
  const parts = { environment: process.env, log: pino({ level: 'silent' }) };
  const open = () => createExchangeSessions(config, parts);
  const pooled = open();
  await pooled.pool.run(READ, LIMITS);
  const warm: number[] = [];
  const cold: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    warm.push(await timeOf(() => pooled.pool.run(READ, LIMITS)));
    const single = open();
    cold.push(
      await timeOf(async () => {
        await single.pool.run(READ, LIMITS);
        await single.pool.stop({ graceMs: 0 });
      }),
    );
    rmSync(single.folder, { recursive: true });
  }
  await pooled.pool.stop({ graceMs: 0 });
  rmSync(pooled.folder, { recursive: true });
  await rehearsal.close();
  rmSync(folder, { recursive: true });
  return { warm, cold };
}

async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}
