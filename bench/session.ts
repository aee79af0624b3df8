import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import type { Session } from '../src/powershell/session.ts';
import { startSession } from '../src/powershell/start-session.ts';
import { findEngine } from '../test/support/engine.ts';
import { at, ms } from './figures.ts';

const MODULE = resolve('test/support/TestModule/TestModule.psm1');
const LIMITS = { timeoutMs: 60_000 };
const ROW = [
  'Number',
  'Name',
  'Day',
  'When',
  'Guid',
  'Address',
  'Alias',
  'Flag',
  'Nothing',
  'List',
];
const ALLOW = { 'Get-Echo': ['Text'], 'Get-Row': ['Count'], 'Wait-Politely': [] };

/** Prints what one session on the real engine takes: start, round trips, rows, cancel, memory. */
export async function benchSession(): Promise<void> {
  const engine = findEngine();
  if (engine === undefined) {
    console.log('\nOne session: skipped, neither pwsh nor a .NET SDK is installed here');
    return;
  }
  const base = mkdtempSync(join(tmpdir(), 'bs-'));
  const open = () => openSession(engine.command, base);
  const startedAt = performance.now();
  const session = await open();
  const start = performance.now() - startedAt;
  const echo = () => run(session, 'Get-Echo', { Text: 'x' }, ['Text']);
  // The first commands are compiled while they run.
  await times(500, echo);
  const trivial = await times(500, echo);
  const rows = await times(100, () => run(session, 'Get-Row', { Count: 200 }, ROW));
  const early = await session.ping(5_000);
  await times(8_900, echo);
  const late = await session.ping(5_000);
  const cancel = await timeToCancel(await open());
  const deaths = [await timeToNoticeDeath(await open()), await timeToNoticeDeath(await open())];
  await session.stop('bench over');
  rmSync(base, { recursive: true });
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  console.log(`\nOne session on ${engine.name}`);
  console.table({
    'start to ready': { measured: ms(start), bar: '' },
    'trivial command p50': { measured: ms(at(trivial, 0.5)), bar: '1 ms' },
    'trivial command p99': { measured: ms(at(trivial, 0.99)), bar: '10 ms' },
    '200 rows × 10 properties p50': { measured: ms(at(rows, 0.5)), bar: '15 ms' },
    'cancel to answer': { measured: ms(cancel), bar: '100 ms' },
    'death noticed': { measured: ms(at(deaths, 1)), bar: '20 ms' },
    'memory after 1,000 commands': { measured: megabytes(early?.memoryBytes ?? 0), bar: '' },
    'memory after 10,000 commands': { measured: megabytes(late?.memoryBytes ?? 0), bar: '+5 %' },
  });
}

async function openSession(
  command: readonly [string, ...string[]],
  baseDirectory: string,
): Promise<Session> {
  const session = await startSession({
    command,
    workerScript: resolve('src/powershell/worker.ps1'),
    baseDirectory,
    inherited: process.env,
    environment: {},
    startTimeoutMs: 60_000,
    log: pino({ level: 'silent' }),
  });
  await session.prepare({ modules: [{ name: MODULE }], allow: ALLOW }, LIMITS);
  return session;
}

function run(
  session: Session,
  command: string,
  parameters: Readonly<Record<string, string | number>>,
  properties: readonly string[],
): Promise<unknown> {
  return session.run({ command, parameters, properties }, LIMITS);
}

async function timeToCancel(session: Session): Promise<number> {
  const abort = new AbortController();
  const running = session
    .run(
      { command: 'Wait-Politely', parameters: {}, properties: [] },
      { ...LIMITS, signal: abort.signal },
    )
    .catch(() => undefined);
  await session.ping(5_000);
  const startedAt = performance.now();
  abort.abort();
  await running;
  const elapsed = performance.now() - startedAt;
  await session.ended;
  return elapsed;
}

/** From the kill to the rejection of the command that ran. */
async function timeToNoticeDeath(session: Session): Promise<number> {
  const running = session
    .run({ command: 'Wait-Politely', parameters: {}, properties: [] }, LIMITS)
    .catch(() => performance.now());
  await session.ping(5_000);
  const startedAt = performance.now();
  process.kill(session.pid, 'SIGKILL');
  const noticedAt = Number(await running);
  await session.ended;
  return noticedAt - startedAt;
}

async function times(count: number, act: () => Promise<unknown>): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const startedAt = performance.now();
    await act();
    taken.push(performance.now() - startedAt);
  }
  return taken;
}
