import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import { describeStore } from './store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'jobs-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
function newFile(): string {
  files += 1;
  return join(folder, `${files}`, 'jobs.db');
}

describeStore('SQLite', async () => openSqliteStore(newFile()));

test('everything is there again after closing and opening', async () => {
  const file = newFile();
  const store = openSqliteStore(file);
  const { job } = await store.accept({ key: 'k', lock: 'lee', request: { a: 1 } }, 5);
  await store.close();
  const again = openSqliteStore(file);
  assert.deepEqual(await again.find(job.id), job);
  await again.close();
});

test('only the owner may read the queue', { skip: process.platform === 'win32' }, async () => {
  const file = newFile();
  const store = openSqliteStore(file);
  for (const name of [file, `${file}-wal`]) {
    assert.equal(statSync(name).mode & 0o777, 0o600, name);
  }
  assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
  await store.close();
});

test('a second process on the same queue is refused and told why', async () => {
  const file = newFile();
  const store = openSqliteStore(file);
  await store.accept({ key: 'k', request: {} }, 1);
  assert.throws(() => openSqliteStore(file), {
    code: 'jobs.store-unusable',
    message: /another instance/,
  });
  await store.close();
});

test('a database of a newer program is refused', async () => {
  const file = newFile();
  await openSqliteStore(file).close();
  const database = new Database(file);
  database.pragma('user_version = 999');
  database.close();
  assert.throws(() => openSqliteStore(file), { code: 'jobs.store-unusable', message: /newer/ });
});

test('a database of another program is refused and left as it is', () => {
  const file = join(folder, 'customers.db');
  const theirs = new Database(file);
  theirs.exec('CREATE TABLE customers (name TEXT)');
  theirs.close();
  assert.throws(() => openSqliteStore(file), {
    code: 'jobs.store-unusable',
    message: /another program/,
  });
  const again = new Database(file);
  assert.deepEqual(again.prepare('SELECT name FROM sqlite_master').all(), [{ name: 'customers' }]);
  again.close();
});

test('a file that is no database is refused', () => {
  const file = join(folder, 'not-a-database');
  writeFileSync(file, 'x'.repeat(4_096));
  assert.throws(() => openSqliteStore(file), { code: 'jobs.store-unusable' });
});

test('a folder that cannot be made is refused', () => {
  const file = join(folder, 'plain-file');
  writeFileSync(file, '');
  assert.throws(() => openSqliteStore(join(file, 'jobs.db')), { code: 'jobs.store-unusable' });
});

test('what was acknowledged survives kill -9, each once', async () => {
  const file = newFile();
  const acknowledged = new Set<string>();
  for (let round = 0; round < 12; round += 1) {
    const child = spawn(process.execPath, ['test/jobs/accepting-child.ts', file, `${round}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const most = 20 + ((round * 37) % 150);
    let heard = 0;
    for await (const key of lines) {
      acknowledged.add(key);
      heard += 1;
      if (heard === most) {
        child.kill('SIGKILL');
      }
    }
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, 'exit');
    }
  }
  const store = openSqliteStore(file);
  const jobs = await store.list({ limit: 1_000_000 });
  const keys = jobs.map((job) => job.key);
  assert.equal(new Set(keys).size, keys.length);
  assert.deepEqual(
    [...acknowledged].filter((key) => !keys.includes(key)),
    [],
  );
  assert.ok(acknowledged.size >= 12 * 20);
  await store.close();
});
