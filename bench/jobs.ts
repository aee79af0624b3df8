import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../src/jobs/sqlite.ts';
import type { JobStore } from '../src/jobs/store.ts';
import { at } from './figures.ts';

const CALLERS = [1, 10, 50];
const RUNS = 3;
const RUN_MS = 2_000;

/** Prints how many jobs a second are accepted, each on disk before its caller goes on: median of three runs. */
export async function benchJobs(): Promise<void> {
  const rates = new Map<number, number[]>(CALLERS.map((callers) => [callers, []]));
  for (let run = 0; run < RUNS; run += 1) {
    for (const [callers, measured] of rates) {
      measured.push(await acceptsPerSecond(callers));
    }
  }
  const alone = at(rates.get(1) ?? [], 0.5);
  console.log('\nAccepted jobs per second, durable: median of three runs, in turn');
  console.table(
    Object.fromEntries(
      [...rates].map(([callers, measured]) => [
        `${callers} callers`,
        {
          'jobs/s': at(measured, 0.5),
          'beside one caller': `${(at(measured, 0.5) / alone).toFixed(1)} : 1`,
        },
      ]),
    ),
  );
}

async function acceptsPerSecond(callers: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-jobs-'));
  const store = openSqliteStore(join(folder, 'jobs.db'));
  try {
    const startedAt = performance.now();
    const lanes = Array.from({ length: callers }, (_, lane) => acceptFor(RUN_MS, store, lane));
    const accepted = (await Promise.all(lanes)).reduce((sum, jobs) => sum + jobs, 0);
    return Math.round((accepted * 1_000) / (performance.now() - startedAt));
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

async function acceptFor(ms: number, store: JobStore, lane: number): Promise<number> {
  const until = performance.now() + ms;
  let accepted = 0;
  while (performance.now() < until) {
    const request = { workflowId: '60aa10bb20cc30dd40ee50ff', runId: `${lane}-${accepted}` };
    await store.accept({ key: `${lane}/${accepted}`, request }, Date.now());
    accepted += 1;
  }
  return accepted;
}
