import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../src/clock.ts';
import { Runner } from '../src/jobs/runner.ts';
import { openSqliteStore } from '../src/jobs/sqlite.ts';
import type { JobStore } from '../src/jobs/store.ts';
import { ms } from './figures.ts';

const BACKLOG = 10_000;
const SLICE = 1_000;
const MANY = 100_000;
const REQUEST = { workflowId: '60aa10bb20cc30dd40ee50ff', step: 'Signal', source: 'webhook' };
/** About as long as that of a leaver with a dozen changes. */
const REPORT = { changes: Array.from({ length: 12 }, (_, id) => ({ id, text: 'x'.repeat(250) })) };

/** Prints whether the last thousand of 10,000 jobs take longer than the first, and what 100,000 leave in memory. */
export async function benchBacklog(): Promise<void> {
  const times = await drain(tmpdir(), BACKLOG);
  const slices = times.filter((_, index) => (index + 1) % SLICE === 0);
  const lasted = slices.map((at, index) => at - (slices[index - 1] ?? 0));
  const [first = 0] = lasted;
  const last = lasted.at(-1) ?? 0;
  console.log(`\nA backlog of ${BACKLOG} jobs, each claimed, saved once and finished`);
  console.table({
    'first thousand': { measured: ms(first), bar: '' },
    'last thousand': { measured: ms(last), bar: '' },
    ratio: { measured: (last / first).toFixed(2), bar: '1.20' },
  });
  const memory: number[] = [];
  // The disk is not measured here, so it may be a fast one.
  const folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  await drain(folder, MANY, (done) => {
    if (done % (MANY / 10) === 0) {
      globalThis.gc?.();
      memory.push(process.memoryUsage.rss() / 2 ** 20);
    }
  });
  const half = memory[4] ?? 0;
  const end = memory.at(-1) ?? 0;
  const series = memory.map((megabytes) => megabytes.toFixed(0)).join(', ');
  console.log(`\nResident memory over ${MANY} jobs; after each tenth: ${series} MB`);
  console.table({
    'after half': { measured: `${half.toFixed(0)} MB`, bar: '' },
    'at the end': { measured: `${end.toFixed(0)} MB`, bar: '' },
    ratio: { measured: (end / half).toFixed(2), bar: '1.10' },
  });
}

/** Fills a queue and lets a runner empty it; when each job was done, in milliseconds from the start. */
async function drain(
  parent: string,
  jobs: number,
  onDone: (done: number) => void = () => undefined,
): Promise<readonly number[]> {
  const folder = mkdtempSync(join(parent, 'bench-backlog-'));
  const store = openSqliteStore(join(folder, 'jobs.db'));
  try {
    await fill(store, jobs);
    return await empty(store, jobs, onDone);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

async function fill(store: JobStore, jobs: number): Promise<void> {
  for (let from = 0; from < jobs; from += SLICE) {
    await Promise.all(
      Array.from({ length: SLICE }, (_, index) => {
        const runId = String(from + index);
        const job = { key: runId, lock: `${runId}@example.org`, request: { ...REQUEST, runId } };
        return store.accept(job, systemClock.now());
      }),
    );
  }
}

async function empty(
  store: JobStore,
  jobs: number,
  onDone: (done: number) => void,
): Promise<readonly number[]> {
  const all = Promise.withResolvers<void>();
  const doneAt: number[] = [];
  const startedAt = performance.now();
  const runner = new Runner({
    store,
    handler: async ({ save }) => {
      await save(REPORT);
      doneAt.push(performance.now() - startedAt);
      onDone(doneAt.length);
      if (doneAt.length === jobs) {
        all.resolve();
      }
      return { kind: 'done' };
    },
    concurrency: 8,
    retry: { maxAttempts: 1 },
    clock: systemClock,
    random: Math.random,
    log: pino({ level: 'silent' }),
  });
  await runner.start();
  await all.promise;
  await runner.stop({ graceMs: 5_000 });
  return doneAt;
}
