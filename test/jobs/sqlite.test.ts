import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { copyClosedQueue } from '../../src/jobs/backup.ts';
import { MIGRATIONS } from '../../src/jobs/migrations.ts';
import { assertWorkable } from '../../src/jobs/open-database.ts';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import { prepareStatements } from '../../src/jobs/statements.ts';
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
  assert.throws(() => openSqliteStore(file), { code: 'jobs.store-damaged' });
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

async function fill(file: string, jobs: number): Promise<void> {
  const store = openSqliteStore(file);
  const accepting = Array.from({ length: jobs }, (_, number) =>
    store.accept({ key: `${number}`, request: { text: 'x'.repeat(200) } }, number),
  );
  await Promise.all(accepting);
  await store.close();
}

const DAMAGES: readonly [what: string, damage: (file: string) => void][] = [
  ['cut off', (file) => truncateSync(file, statSync(file).size - 3 * 4_096)],
  [
    'overwritten in the middle',
    (file) => {
      const bytes = readFileSync(file);
      bytes.fill(0xa5, 4 * 4_096, 5 * 4_096);
      writeFileSync(file, bytes);
    },
  ],
  [
    'without its head',
    (file) => {
      const bytes = readFileSync(file);
      bytes.fill(0, 0, 64);
      writeFileSync(file, bytes);
    },
  ],
];
for (const [what, damage] of DAMAGES) {
  test(`a queue that was ${what} is refused, and brought back from its newest copy`, async () => {
    const file = newFile();
    await fill(file, 500);
    const folder = join(dirname(file), 'backups');
    await copyClosedQueue(file, folder, new Date('2026-11-24T08:00:00Z'));
    const { file: copy } = await copyClosedQueue(file, folder, new Date('2026-11-25T08:00:00Z'));
    damage(file);
    assert.throws(
      () => openSqliteStore(file),
      (error: Error & { code?: string }) =>
        error.code === 'jobs.store-damaged' && error.message.includes(`copy ${copy} to ${file}`),
    );
    rmSync(file);
    rmSync(`${file}-wal`, { force: true });
    copyFileSync(copy, file);
    const store = openSqliteStore(file);
    assert.equal((await store.count()).queued, 500);
    await store.close();
  });
}

test('of a queue too large to be read at each start, what it works with is read all the same', async () => {
  const halved = (file: string) => {
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xa5, bytes.length / 2));
  };
  const cutOff = (file: string) => truncateSync(file, statSync(file).size - 4_096);
  for (const damage of [halved, cutOff]) {
    const file = newFile();
    await fill(file, 500);
    const whole = new Database(file);
    assertWorkable(file, whole);
    whole.close();
    damage(file);
    const damaged = new Database(file);
    assert.throws(() => assertWorkable(file, damaged), { code: /^SQLITE_CORRUPT/ });
    damaged.close();
  }
});

test('a copy is made while work goes on, holds all that was there, and is only the owner’s', async () => {
  const file = newFile();
  const store = openSqliteStore(file);
  const accept = (key: string) => store.accept({ key, request: { text: 'x'.repeat(2_000) } }, 1);
  await Promise.all(Array.from({ length: 3_000 }, (_, number) => accept(`before ${number}`)));
  const folder = join(dirname(file), 'backups');
  let isMade = false;
  const copying = store.backup(folder, new Date('2026-11-25T08:00:00Z')).finally(() => {
    isMade = true;
  });
  let meanwhile = 0;
  while (!isMade) {
    await accept(`meanwhile ${meanwhile}`);
    meanwhile += 1;
  }
  const made = await copying;
  assert.equal(made.file, join(folder, 'jobs-2026-11-25T08-00-00-000Z.db'));
  assert.equal(made.bytes, statSync(made.file).size);
  if (process.platform !== 'win32') {
    assert.equal(statSync(made.file).mode & 0o777, 0o600);
  }
  assert.ok(meanwhile > 1);
  await store.close();
  const copy = openSqliteStore(made.file);
  assert.ok((await copy.count()).queued >= 3_000);
  await copy.close();
});

test('an earlier copy is kept, and a copy that fails leaves nothing behind', async () => {
  const file = newFile();
  await fill(file, 200);
  const folder = join(dirname(file), 'backups');
  const date = new Date('2026-11-25T08:00:00Z');
  mkdirSync(folder);
  writeFileSync(join(folder, 'jobs-killed.db.partial'), 'left by a process that was killed');
  const { bytes } = await copyClosedQueue(file, folder, date);
  await assert.rejects(copyClosedQueue(file, folder, date), { code: 'jobs.backup-failed' });
  const damaged = readFileSync(file);
  damaged.fill(0xa5, 4 * 4_096, 5 * 4_096);
  writeFileSync(file, damaged);
  await assert.rejects(copyClosedQueue(file, folder, new Date()), {
    code: 'jobs.backup-failed',
    message: /malformed|disk image|page/,
  });
  assert.deepEqual(readdirSync(folder), ['jobs-2026-11-25T08-00-00-000Z.db']);
  assert.equal(statSync(join(folder, 'jobs-2026-11-25T08-00-00-000Z.db')).size, bytes);
});

test('a queue that a service has open, or that is not there, is not copied from outside', async () => {
  const file = newFile();
  const folder = join(dirname(file), 'backups');
  await assert.rejects(copyClosedQueue(file, folder, new Date()), { code: 'jobs.store-unusable' });
  assert.equal(existsSync(file), false);
  const store = openSqliteStore(file);
  await assert.rejects(copyClosedQueue(file, folder, new Date()), {
    code: 'jobs.store-unusable',
    message: /another instance/,
  });
  await store.close();
});

test('a queue of the first program is brought up to date with all its jobs', async () => {
  const file = newFile();
  await openSqliteStore(file).close();
  rmSync(file);
  const old = new Database(file);
  old.exec(MIGRATIONS[0] ?? '');
  old.pragma('user_version = 1');
  old.pragma(`application_id = ${0x65786f62}`);
  const insert = old.prepare(
    `INSERT INTO jobs (id, key, provisional, state, request, dueAt, createdAt, updatedAt)
     VALUES (?, ?, 0, ?, '{}', 1, 1, 1)`,
  );
  insert.run('one', 'one', 'running');
  insert.run('two', 'two', 'needs-attention');
  old.close();
  const store = openSqliteStore(file);
  const counts = await store.count();
  assert.deepEqual([counts.running, counts['needs-attention']], [1, 1]);
  assert.deepEqual(await store.recover(2), { queued: 1, poisoned: [] });
  assert.equal((await store.claim(2))?.id, 'one');
  assert.deepEqual(
    (await store.history('one')).map(({ event }) => event),
    ['recovered', 'begun'],
  );
  await store.close();
});

/** How SQLite finds what a statement asks for, line by line. */
function planOf(database: Database.Database, sql: string): readonly string[] {
  const named = Object.fromEntries(
    [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name ?? '', null]),
  );
  const places = [...sql.matchAll(/\?/g)].map(() => null);
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...places, named) as {
    detail: string;
  }[];
  return rows.map(({ detail }) => detail);
}

test('no statement looks at all jobs or sorts them', async () => {
  const file = newFile();
  await openSqliteStore(file).close();
  const database = new Database(file);
  const guilty = Object.entries(prepareStatements(database)).flatMap(([name, { source }]) =>
    planOf(database, source)
      .filter(
        (detail) =>
          /TEMP B-TREE/.test(detail) || /^SCAN (?!counts|pause|CONSTANT|json_each)/.test(detail),
      )
      // The open jobs, the running ones and the newest page are meant to be walked along their index.
      .filter((detail) => !/USING (COVERING )?INDEX (openByDue|running|endedByTime)/.test(detail))
      .map((detail) => `${name}: ${detail}`),
  );
  assert.deepEqual(guilty, []);
  database.close();
});
