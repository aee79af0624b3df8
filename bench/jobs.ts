import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../src/jobs/sqlite.ts';
import type { JobStore } from '../src/jobs/store.ts';

const CALLERS = [1, 10, 50];
const RUNS = 3;
const RUN_MS = 2_000;

/** Prints how many jobs a second are accepted, each on disk before its caller goes on: median of three runs. */
export async function benchJobs(print: (line: string) => void): Promise<void> {
  print('accepted jobs per second, durable');
  print('callers  jobs/s');
  for (const callers of CALLERS) {
    const rates: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      rates.push(await acceptsPerSecond(callers));
    }
    print(`${String(callers).padStart(7)}  ${String(median(rates)).padStart(6)}`);
  }
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
