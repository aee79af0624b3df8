import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { type ErrorCode, ServiceError } from '../../src/errors.ts';
import { type Outcome, Runner } from '../../src/jobs/runner.ts';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import type { JobState } from '../../src/jobs/states.ts';
import type { JobStore } from '../../src/jobs/store.ts';
import { rest, VirtualClock } from '../support/virtual-clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'runner-model-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

const CONCURRENCY = 2;
const ATTEMPTS = 3;
const CRASHES = 3;
const SECOND = 1_000;

/** A job as the rules say it must be. */
interface KnownJob {
  readonly id: string;
  readonly key: string;
  readonly lock: string | undefined;
  state: JobState;
  dueAt: number;
  failures: number;
  outages: number;
  crashes: number;
}

interface Model {
  now: number;
  isPaused: boolean;
  readonly jobs: KnownJob[];
}

/** One process after the other on the same queue. */
class Real {
  readonly clock = new VirtualClock(SECOND, settled);
  readonly #file: string;
  store: JobStore;
  runner: Runner;
  /** The attempts under way, by job: what ends them. */
  readonly attempts = new Map<string, PromiseWithResolvers<Outcome>>();

  constructor(file: string) {
    this.#file = file;
    this.store = openSqliteStore(file);
    this.runner = this.#run();
  }

  async start(): Promise<void> {
    await this.runner.start();
    await this.clock.pass(0);
  }

  /** What was under way is never heard of again. */
  async restart(): Promise<void> {
    this.attempts.clear();
    await this.store.close();
    this.store = openSqliteStore(this.#file);
    this.runner = this.#run();
    await this.start();
  }

  #run(): Runner {
    return new Runner({
      store: this.store,
      handler: ({ job, signal, cancel }) => {
        const attempt = Promise.withResolvers<Outcome>();
        this.attempts.set(job.id, attempt);
        for (const asked of [signal, cancel]) {
          asked.addEventListener('abort', () => attempt.reject(asked.reason));
        }
        return attempt.promise.finally(() => this.attempts.delete(job.id));
      },
      concurrency: CONCURRENCY,
      retry: { maxAttempts: ATTEMPTS },
      clock: this.clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
    });
  }
}

/** Each write takes a turn of the event loop, and an attempt's end is followed by several. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) {
    await rest();
  }
}

const isOpen = ({ state }: KnownJob) => state === 'queued' || state === 'waiting';
const running = ({ jobs }: Model) => jobs.filter(({ state }) => state === 'running');

/** The one rule of claiming: whatever is due longest and whose person is free, while there is a slot. */
function claim(model: Model): void {
  while (!model.isPaused && running(model).length < CONCURRENCY) {
    const busy = running(model).map(({ lock }) => lock);
    const [next] = model.jobs
      .filter((job) => isOpen(job) && job.dueAt <= model.now)
      .filter(({ lock }) => lock === undefined || !busy.includes(lock))
      .toSorted((a, b) => a.dueAt - b.dueAt);
    if (next === undefined) {
      return;
    }
    next.state = 'running';
  }
}

async function assertSame(model: Model, real: Real): Promise<void> {
  claim(model);
  await real.clock.pass(0);
  const listed = await real.store.list({ limit: 1_000 });
  const seen = listed.map(({ id, key, lock, state, dueAt, failures, outages, crashes }) => {
    return { id, key, lock, state, dueAt, failures, outages, crashes };
  });
  assert.deepEqual(seen, model.jobs.toReversed());
  const atWork = running(model).map(({ id }) => id);
  assert.deepEqual([...real.attempts.keys()].toSorted(), atWork.toSorted());
}

type Command = fc.AsyncCommand<Model, Real>;

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

/** A command on one of the jobs in some states, if there is any. */
function onJob(
  name: string,
  states: readonly JobState[],
  pick: number,
  act: (job: KnownJob, model: Model, real: Real) => Promise<unknown>,
): Command {
  const chosen = ({ jobs }: Model) => {
    const fitting = jobs.filter(({ state }) => states.includes(state));
    return fitting[pick % Math.max(fitting.length, 1)];
  };
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
  command(`accept ${key} for ${lock}`, async (model, real) => {
    const given = { key, ...(lock === undefined ? {} : { lock }), request: {} };
    const { job, duplicate } = await real.store.accept(given, model.now);
    real.runner.wake();
    assert.equal(
      duplicate,
      model.jobs.some((known) => known.key === key),
    );
    if (!duplicate) {
      const fresh = { dueAt: model.now, failures: 0, outages: 0, crashes: 0 };
      model.jobs.push({ id: job.id, key, lock, state: 'queued', ...fresh });
    }
  });

const REASON = { code: 'some', message: 'reason' };
const OUTCOMES = {
  done: { kind: 'done' },
  superseded: { kind: 'superseded', reason: REASON },
  'needs-attention': { kind: 'needs-attention', reason: REASON },
  held: { kind: 'held', reason: REASON },
} as const satisfies Partial<Record<JobState, Outcome>>;

const end = (pick: number, state: keyof typeof OUTCOMES) =>
  onJob(`end as ${state}`, ['running'], pick, async (job, _model, real) => {
    real.attempts.get(job.id)?.resolve(OUTCOMES[state]);
    Object.assign(job, { state, crashes: 0 });
  });

const later = (pick: number, afterMs: number) =>
  onJob(`later, after ${afterMs}`, ['running'], pick, async (job, model, real) => {
    real.attempts.get(job.id)?.resolve({ kind: 'later', reason: REASON, afterMs });
    Object.assign(job, { state: 'waiting', dueAt: model.now + afterMs, crashes: 0 });
  });

const fail = (pick: number, code: ErrorCode, kind: 'outages' | 'failures' | 'never') =>
  onJob(`fail with ${code}`, ['running'], pick, async (job, model, real) => {
    real.attempts.get(job.id)?.reject(new ServiceError(code, 'failed'));
    job.crashes = 0;
    const times = kind === 'never' ? 0 : job[kind] + 1;
    if (kind === 'never' || (kind === 'failures' && times >= ATTEMPTS)) {
      job.state = 'needs-attention';
      return;
    }
    const longest = kind === 'outages' ? 900 * SECOND : 300 * SECOND;
    const pauseMs = Math.min(longest, 5 * SECOND * 2 ** (times - 1)) / 2;
    Object.assign(job, { state: 'waiting', dueAt: model.now + pauseMs, [kind]: times });
  });

const die = () =>
  command('die and start again', async (model, real) => {
    for (const job of running(model)) {
      const isPoisoned = job.crashes + 1 >= CRASHES;
      Object.assign(
        job,
        isPoisoned
          ? { state: 'needs-attention', crashes: 0 }
          : { state: 'queued', dueAt: model.now, crashes: job.crashes + 1 },
      );
    }
    await real.restart();
  });

const stop = () =>
  command('stop and start again', async (model, real) => {
    const stopping = real.runner.stop({ graceMs: 0 });
    await real.clock.pass(0);
    await stopping;
    for (const job of running(model)) {
      Object.assign(job, { state: 'waiting', dueAt: model.now, crashes: 0 });
    }
    await real.restart();
  });

const cancel = (pick: number) => {
  const states: JobState[] = ['queued', 'running', 'waiting', 'held', 'needs-attention'];
  return onJob('cancel', states, pick, async (job, _model, real) => {
    await real.runner.cancel(job.id, 'http');
    Object.assign(job, { state: 'cancelled', crashes: 0 });
  });
};

const approve = (pick: number) =>
  onJob('approve', ['held'], pick, async (job, model, real) => {
    assert.ok(await real.store.approve(job.id, 'http', model.now));
    real.runner.wake();
    Object.assign(job, { state: 'queued', dueAt: model.now });
  });

const retry = (pick: number) =>
  onJob('retry', ['needs-attention', 'cancelled'], pick, async (job, model, real) => {
    assert.ok(await real.store.retry(job.id, 'http', model.now));
    real.runner.wake();
    const anew = { failures: 0, outages: 0, crashes: 0 };
    Object.assign(job, { state: 'queued', dueAt: model.now, ...anew });
  });

const pause = () =>
  command('pause', async (model, real) => {
    await real.store.pause(undefined, model.now);
    model.isPaused = true;
  });

const resume = () =>
  command('resume', async (model, real) => {
    await real.store.resume();
    real.runner.wake();
    model.isPaused = false;
  });

const passTime = (ms: number) =>
  command(`${ms} ms pass`, async (model, real) => {
    await real.clock.pass(ms);
    model.now += ms;
  });

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const lock = fc.option(fc.constantFrom('lee', 'max'), { nil: undefined });
const pick = fc.nat({ max: 5 });
const ms = fc.constantFrom(1, 2_500, 5_000, 60 * SECOND, 3_600 * SECOND);
const ending = fc.constantFrom('done', 'superseded', 'needs-attention', 'held');
const COMMANDS = fc.commands(
  [
    fc.tuple(key, lock).map((given) => accept(...given)),
    fc.tuple(pick, ending).map((given) => end(...given)),
    fc.tuple(pick, ms).map((given) => later(...given)),
    pick.map((chosen) => fail(chosen, 'powershell.session-lost', 'failures')),
    pick.map((chosen) => fail(chosen, 'trelica.unreachable', 'outages')),
    pick.map((chosen) => fail(chosen, 'trelica.run-not-found', 'never')),
    fc.constant(die()),
    fc.constant(stop()),
    pick.map(cancel),
    pick.map(approve),
    pick.map(retry),
    fc.constant(pause()),
    fc.constant(resume()),
    ms.map(passTime),
  ],
  { maxCommands: 60, size: 'max' },
);

test('the runner does what its rules say, whatever comes and whenever it dies', async () => {
  const property = fc.asyncProperty(COMMANDS, async (commands) => {
    files += 1;
    const real = new Real(join(folder, `${files}.db`));
    await real.start();
    const model: Model = { now: SECOND, isPaused: false, jobs: [] };
    try {
      await fc.asyncModelRun(() => ({ model, real }), commands);
    } finally {
      await real.store.close();
    }
  });
  await fc.assert(property, { numRuns: 100 });
});
