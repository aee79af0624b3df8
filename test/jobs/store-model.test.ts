import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import type { JobState, JobStore } from '../../src/jobs/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'store-more-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
function newFile(): string {
  files += 1;
  return join(folder, `${files}.db`);
}

const REASON = { code: 'busy', message: 'the other side is down' };

interface KnownJob {
  readonly id: string;
  key: string;
  lock: string | undefined;
  state: JobState;
  attempts: number;
  failures: number;
  dueAt: number;
}

/** The queue as a plain list, in the order of acceptance, with a clock that only the commands move. */
interface Model {
  clock: number;
  readonly jobs: KnownJob[];
}

/** The real queue; opened again by one of the commands. */
interface Real {
  readonly file: string;
  store: JobStore;
}

interface Command extends fc.AsyncCommand<Model, Real> {
  toString(): string;
}

const running = (model: Model) => model.jobs.filter(({ state }) => state === 'running');
const holderOf = (model: Model, lock: string | undefined) =>
  running(model).find((job) => lock !== undefined && job.lock === lock);
const isOpen = ({ state }: KnownJob) => state === 'queued' || state === 'waiting';

/** Open jobs whose lock is free, the one that is due longest first. */
function candidates(model: Model): readonly KnownJob[] {
  return model.jobs
    .filter((job) => isOpen(job) && holderOf(model, job.lock) === undefined)
    .toSorted((a, b) => a.dueAt - b.dueAt);
}

async function assertSame(model: Model, { store }: Real): Promise<void> {
  const listed = await store.list({ limit: 1_000 });
  const seen = listed.map((job) => ({
    id: job.id,
    key: job.key,
    lock: job.lock,
    state: job.state,
    attempts: job.attempts,
    failures: job.failures,
    dueAt: job.dueAt,
  }));
  assert.deepEqual(seen, model.jobs.toReversed());
  assert.equal(await store.nextDueAt(), candidates(model)[0]?.dueAt);
}

/** A command that is always possible and leaves store and model the same. */
function command(name: string, act: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (model, real) => {
      await act(model, real);
      await assertSame(model, real);
    },
    toString: () => name,
  };
}

/** A command on one of the running jobs, if there is any. */
function onRunning(
  name: string,
  pick: number,
  act: (job: KnownJob, model: Model, real: Real) => Promise<void>,
): Command {
  const chosen = (model: Model) => running(model)[pick % Math.max(running(model).length, 1)];
  return {
    ...command(name, async (model, real) => {
      const job = chosen(model);
      assert.ok(job !== undefined);
      await act(job, model, real);
    }),
    check: (model) => chosen(model) !== undefined,
  };
}

const accept = (key: string, lock: string | undefined) =>
  command(`accept ${key} for ${lock}`, async (model, { store }) => {
    const known = model.jobs.find((job) => job.key === key);
    const given = { key, ...(lock === undefined ? {} : { lock }), request: {} };
    const { job, duplicate } = await store.accept(given, model.clock);
    assert.equal(duplicate, known !== undefined);
    assert.equal(job.id, known?.id ?? job.id);
    if (known === undefined) {
      const fresh = { state: 'queued', attempts: 0, failures: 0, dueAt: model.clock } as const;
      model.jobs.push({ id: job.id, key, lock, ...fresh });
    }
  });

const claim = () =>
  command('claim', async (model, { store }) => {
    const expected = candidates(model).find(({ dueAt }) => dueAt <= model.clock);
    const job = await store.claim(model.clock);
    assert.equal(job?.id, expected?.id);
    if (expected !== undefined) {
      expected.state = 'running';
      expected.attempts += 1;
    }
  });

const adopt = (pick: number, key: string, lock: string) =>
  onRunning(`adopt ${key} for ${lock}`, pick, async (job, model, { store }) => {
    const owner = model.jobs.find((other) => other.key === key && other !== job);
    const holder = running(model).find((other) => other.lock === lock && other !== job);
    const adoption = await store.adopt(job.id, { key, lock }, model.clock);
    if (owner !== undefined) {
      assert.deepEqual(adoption, { kind: 'key-taken', by: owner.id });
    } else if (holder !== undefined) {
      assert.deepEqual(adoption, { kind: 'locked', by: holder.id });
    } else {
      assert.deepEqual(adoption, { kind: 'adopted' });
      Object.assign(job, { key, lock });
    }
  });

const postpone = (pick: number, afterMs: number, isFailure: boolean) =>
  onRunning(`postpone by ${afterMs}`, pick, async (job, model, { store }) => {
    const dueAt = model.clock + afterMs;
    const countsAs = isFailure ? 'failure' : 'nothing';
    await store.postpone(job.id, { dueAt, reason: REASON, countsAs }, model.clock);
    Object.assign(job, { state: 'waiting', dueAt, failures: job.failures + (isFailure ? 1 : 0) });
  });

const finish = (pick: number, state: 'done' | 'superseded' | 'needs-attention') =>
  onRunning(`finish as ${state}`, pick, async (job, model, { store }) => {
    await store.finish(job.id, { state, reason: REASON }, model.clock);
    job.state = state;
    await assert.rejects(store.save(job.id, {}, model.clock), /not running/);
  });

const recover = () =>
  command('close, open, recover', async (model, real) => {
    await real.store.close();
    real.store = openSqliteStore(real.file);
    const interrupted = running(model);
    assert.equal(await real.store.recover(model.clock), interrupted.length);
    for (const job of interrupted) {
      Object.assign(job, { state: 'queued', dueAt: model.clock });
    }
  });

const passTime = (ms: number) =>
  command(`${ms} ms pass`, async (model) => {
    model.clock += ms;
  });

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const lock = fc.constantFrom('lee', 'max', 'kim');
const pick = fc.nat({ max: 5 });
const ms = fc.nat({ max: 20 });
const COMMANDS = fc.commands(
  [
    fc.tuple(key, fc.option(lock, { nil: undefined })).map((given) => accept(...given)),
    fc.constant(claim()),
    fc.tuple(pick, key, lock).map((given) => adopt(...given)),
    fc.tuple(pick, ms, fc.boolean()).map((given) => postpone(...given)),
    fc
      .tuple(pick, fc.constantFrom('done', 'superseded', 'needs-attention'))
      .map((given) => finish(...given)),
    fc.constant(recover()),
    ms.map(passTime),
  ],
  { maxCommands: 60, size: 'max' },
);

test('the store behaves as a plain list of jobs does, whatever is asked of it', async () => {
  const property = fc.asyncProperty(COMMANDS, async (commands) => {
    const file = newFile();
    const real: Real = { file, store: openSqliteStore(file) };
    try {
      await fc.asyncModelRun(() => ({ model: { clock: 1_000, jobs: [] }, real }), commands);
    } finally {
      await real.store.close();
    }
  });
  await fc.assert(property, { numRuns: 150 });
});

test('of writes made in one turn each has its own outcome, and all that resolved are kept', async () => {
  const group = fc.array(fc.option(key), { minLength: 1, maxLength: 60 });
  const property = fc.asyncProperty(group, async (keys) => {
    const file = newFile();
    const store = openSqliteStore(file);
    const writes = keys.map((name) =>
      name === null
        ? store.finish('nobody', { state: 'done' }, 1)
        : store.accept({ key: name, request: {} }, 1),
    );
    const settled = await Promise.allSettled(writes);
    await store.close();
    const again = openSqliteStore(file);
    const kept = (await again.list({ limit: 100 })).map((job) => job.key);
    await again.close();
    const outcomes = settled.map(({ status }) => status === 'fulfilled');
    assert.deepEqual(
      outcomes,
      keys.map((name) => name !== null),
    );
    assert.deepEqual(
      kept.toSorted(),
      [...new Set(keys.filter((name) => name !== null))].toSorted(),
    );
  });
  await fc.assert(property, { numRuns: 50 });
});

test('writes that are still pending when the store closes are kept', async () => {
  const file = newFile();
  const store = openSqliteStore(file);
  const accepting = Array.from({ length: 1_200 }, (_, number) =>
    store.accept({ key: `${number}`, request: {} }, 1),
  );
  await store.close();
  await Promise.all(accepting);
  const again = openSqliteStore(file);
  assert.equal((await again.list({ limit: 2_000 })).length, 1_200);
  await again.close();
});

test('another process is kept out of the queue for as long as the first has it open', async () => {
  const file = newFile();
  const store = openSqliteStore(file);
  const first = openInChild(file);
  assert.match(first.stderr, /jobs\.store-unusable/);
  assert.match(first.stderr, /another instance is running on it/);
  assert.notEqual(first.status, 0);
  await store.accept({ key: 'still ours', request: {} }, 1);
  await store.close();
  assert.equal(openInChild(file).status, 0);
});

/** Opens the queue in a process of its own, which then ends without closing it. */
function openInChild(file: string): { readonly status: number | null; readonly stderr: string } {
  const program = `
    const { openSqliteStore } = await import(process.argv[1]);
    openSqliteStore(process.argv[2]);`;
  const store = new URL('../../src/jobs/sqlite.ts', import.meta.url).href;
  const given = ['--input-type=module', '--eval', program, store, file];
  return spawnSync(process.execPath, given, { encoding: 'utf8', timeout: 20_000 });
}
