import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import type { JobState } from '../../src/jobs/states.ts';
import type { JobStore } from '../../src/jobs/store.ts';

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
  crashes: number;
  isCancelAsked: boolean;
  isApproved: boolean;
  passedAt: number | undefined;
  dueAt: number;
  /** When the state was entered, as retention sees it. */
  finishedAt: number | undefined;
}

/** The queue as a plain list, in the order of acceptance, with a clock that only the commands move. */
interface Model {
  clock: number;
  isPaused: boolean;
  jobs: KnownJob[];
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
  return model.isPaused
    ? []
    : model.jobs
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
    crashes: job.crashes,
    isCancelAsked: job.isCancelAsked,
    dueAt: job.dueAt,
    finishedAt: job.finishedAt,
  }));
  const known = model.jobs.map(({ isApproved: _approved, passedAt: _passed, ...job }) => job);
  assert.deepEqual(seen, known.toReversed());
  const counts = Object.entries(await store.count()).filter(([, jobs]) => jobs > 0);
  const expected = Map.groupBy(model.jobs, ({ state }) => state);
  assert.deepEqual(
    new Map(counts),
    new Map([...expected].map(([state, jobs]) => [state as string, jobs.length])),
  );
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

type OnJob = (job: KnownJob, model: Model, real: Real) => Promise<void>;

/** A command on one of the running jobs, if there is any. */
function onRunning(name: string, pick: number, act: OnJob): Command {
  return onOne(name, pick, running, act);
}

/** A command on any job, if there is one. */
function onAny(name: string, pick: number, act: OnJob): Command {
  return onOne(name, pick, ({ jobs }) => jobs, act);
}

function onOne(
  name: string,
  pick: number,
  among: (model: Model) => readonly KnownJob[],
  act: OnJob,
): Command {
  const chosen = (model: Model) => among(model)[pick % Math.max(among(model).length, 1)];
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
      model.jobs.push({
        id: job.id,
        key,
        lock,
        state: 'queued',
        attempts: 0,
        failures: 0,
        crashes: 0,
        isCancelAsked: false,
        isApproved: false,
        passedAt: undefined,
        dueAt: model.clock,
        finishedAt: undefined,
      });
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
    if (job.isCancelAsked) {
      end(job, 'cancelled', model.clock);
      return;
    }
    Object.assign(job, {
      state: 'waiting',
      dueAt,
      failures: job.failures + (isFailure ? 1 : 0),
      crashes: 0,
    });
  });

const hold = (pick: number) =>
  onRunning('hold', pick, async (job, model, { store }) => {
    await store.hold(job.id, REASON, model.clock);
    if (job.isCancelAsked) {
      end(job, 'cancelled', model.clock);
      return;
    }
    Object.assign(job, { state: 'held', crashes: 0 });
  });

const LIMITS = [{ most: 2, withinMs: 15 }];

const pass = (pick: number) =>
  onRunning('ask the brakes', pick, async (job, model, { store }) => {
    const [limit] = LIMITS;
    const began = model.jobs.filter(
      ({ passedAt }) => passedAt !== undefined && passedAt > model.clock - (limit?.withinMs ?? 0),
    );
    const isFree = began.length < (limit?.most ?? 0) || job.isApproved;
    const passage = await store.pass(job.id, LIMITS, model.clock);
    if (job.passedAt === undefined && !isFree) {
      assert.deepEqual(passage, { kind: 'over', limit });
      return;
    }
    assert.deepEqual(passage, { kind: 'passed' });
    job.passedAt ??= model.clock;
  });

const approve = (pick: number) =>
  onAny('approve', pick, async (job, model, { store }) => {
    const isHeld = job.state === 'held';
    assert.equal(await store.approve(job.id, 'http', model.clock), isHeld);
    if (isHeld) {
      Object.assign(job, { state: 'queued', isApproved: true, dueAt: model.clock });
    }
  });

const cancel = (pick: number) =>
  onAny('cancel', pick, async (job, model, { store }) => {
    const answer = await store.cancel(job.id, 'http', model.clock);
    if (job.state === 'running') {
      assert.deepEqual(answer, { kind: 'asked' });
      job.isCancelAsked = true;
    } else if (['done', 'superseded', 'cancelled'].includes(job.state)) {
      assert.deepEqual(answer, { kind: 'ended', state: job.state });
    } else {
      assert.deepEqual(answer, { kind: 'cancelled' });
      end(job, 'cancelled', model.clock);
    }
  });

const retry = (pick: number) =>
  onAny('retry', pick, async (job, model, { store }) => {
    const isStuck = ['needs-attention', 'cancelled'].includes(job.state);
    assert.equal(await store.retry(job.id, 'http', model.clock), isStuck);
    if (isStuck) {
      const fresh = { failures: 0, crashes: 0, dueAt: model.clock, finishedAt: undefined };
      Object.assign(job, { state: 'queued', ...fresh });
    }
  });

const switchPause = (isPaused: boolean) =>
  command(isPaused ? 'pause' : 'resume', async (model, { store }) => {
    await (isPaused ? store.pause(undefined, model.clock) : store.resume());
    model.isPaused = isPaused;
  });

const forget = (age: number) =>
  command(`forget after ${age} ms`, async (model, { store }) => {
    const before = model.clock - age;
    const old = model.jobs.filter(
      ({ state, finishedAt }) =>
        ['done', 'superseded', 'cancelled'].includes(state) && (finishedAt ?? before) < before,
    );
    assert.equal(await store.forget(before, 100), old.length);
    model.jobs = model.jobs.filter((job) => !old.includes(job));
  });

function end(job: KnownJob, state: JobState, now: number): void {
  Object.assign(job, { state, crashes: 0, isCancelAsked: false, finishedAt: now });
}

const finish = (pick: number, state: 'done' | 'superseded' | 'needs-attention' | 'cancelled') =>
  onRunning(`finish as ${state}`, pick, async (job, model, { store }) => {
    await store.finish(job.id, { state, reason: REASON }, model.clock);
    end(job, state, model.clock);
    await assert.rejects(store.save(job.id, {}, model.clock), /not running/);
  });

const recover = () =>
  command('close, open, recover', async (model, real) => {
    await real.store.close();
    real.store = openSqliteStore(real.file);
    const interrupted = running(model);
    const poisoned = interrupted.filter(({ crashes }) => crashes === 2);
    assert.deepEqual(await real.store.recover(model.clock), {
      queued: interrupted.length - poisoned.length,
      poisoned: poisoned.map(({ id }) => id),
    });
    for (const job of interrupted) {
      if (poisoned.includes(job)) {
        end(job, 'needs-attention', model.clock);
      } else {
        Object.assign(job, { state: 'queued', dueAt: model.clock, crashes: job.crashes + 1 });
      }
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
      .tuple(pick, fc.constantFrom('done', 'superseded', 'needs-attention', 'cancelled'))
      .map((given) => finish(...given)),
    fc.constant(recover()),
    pick.map(hold),
    pick.map(pass),
    pick.map(approve),
    pick.map(cancel),
    pick.map(retry),
    fc.boolean().map(switchPause),
    ms.map(forget),
    ms.map(passTime),
  ],
  { maxCommands: 60, size: 'max' },
);

test('the store behaves as a plain list of jobs does, whatever is asked of it', async () => {
  const property = fc.asyncProperty(COMMANDS, async (commands) => {
    const file = newFile();
    const real: Real = { file, store: openSqliteStore(file) };
    try {
      await fc.asyncModelRun(
        () => ({ model: { clock: 1_000, isPaused: false, jobs: [] }, real }),
        commands,
      );
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
