import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../src/jobs/sqlite.ts';
import type { JobStore } from '../src/jobs/store.ts';
import { at, ms } from './figures.ts';

const STORED = 1_000_000;
const ROUNDS = 4_000;

/** Prints whether a queue that remembers a million jobs accepts as quickly as an empty one, turn by turn. */
export async function benchFullStore(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-full-'));
  const file = join(folder, 'full.db');
  await openSqliteStore(file).close();
  fill(file);
  const stores = { empty: openSqliteStore(join(folder, 'empty.db')), full: openSqliteStore(file) };
  const measured = { empty: [] as number[], full: [] as number[] };
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      measured.empty.push(await accept(stores.empty, round));
      measured.full.push(await accept(stores.full, round));
    }
  } finally {
    await Promise.all([stores.empty.close(), stores.full.close()]);
    rmSync(folder, { recursive: true });
  }
  console.log(`\nOne job accepted, durable: an empty queue beside one of ${STORED} jobs, in turn`);
  console.table(
    Object.fromEntries(
      [0.5, 0.99].map((share) => {
        const [empty, full] = [at(measured.empty, share), at(measured.full, share)];
        const ratio = { ratio: (full / empty).toFixed(2), bar: '1.50' };
        return [`p${share * 100}`, { empty: ms(empty), full: ms(full), ...ratio }];
      }),
    ),
  );
}

async function accept(store: JobStore, round: number): Promise<number> {
  const request = { workflowId: '60aa10bb20cc30dd40ee50ff', runId: `bench-${round}` };
  const startedAt = performance.now();
  await store.accept({ key: `bench-${round}`, request }, Date.now());
  return performance.now() - startedAt;
}

/** Straight into the file: jobs as they are when they have ended, spread over three months. */
function fill(file: string): void {
  const database = new Database(file);
  database.exec(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${STORED})
    INSERT INTO jobs (id, key, provisional, lock, state, attempts, request, report,
      dueAt, createdAt, updatedAt, startedAt, finishedAt)
    SELECT lower(hex(randomblob(16))), '["workflow","run:' || hex(randomblob(12)) || '","Signal"]', 0,
      'person' || (n / 2) || '@example.org', 'done', 1, '{"workflowId":"60aa10bb20cc30dd40ee50ff"}',
      '{"changes":[],"findings":[],"skipped":[]}', at, at, at, at, at
    FROM (SELECT n, 1700000000000 + n * 7776 AS at FROM numbers)`);
  database.close();
}
