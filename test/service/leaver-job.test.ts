import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.ts';
import { Runner } from '../../src/jobs/runner.ts';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import { type Brakes, brakeSettings } from '../../src/offboarding/brakes.ts';
import { workflowPolicy } from '../../src/offboarding/policy.ts';
import type { Run, Runs } from '../../src/offboarding/ports.ts';
import { readReport } from '../../src/offboarding/report.ts';
import { createIntake, createLeaverHandler, createUndo } from '../../src/service/leaver-job.ts';
import { address, SmallTenant } from '../offboarding/small-tenant.ts';
import { eventually } from '../support/eventually.ts';

const folder = mkdtempSync(join(tmpdir(), 'leaver-job-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

const policy = workflowPolicy.parse({
  workflow: 'Person leaves',
  operations: { 'delegate-access': {}, 'convert-to-shared': {} },
});

/** Every run waits at the step, each for somebody of its own name, until it is fired. */
class AnyRun implements Runs {
  readonly fired: string[] = [];

  async read(workflowId: string, runId: string): Promise<Run> {
    const step = this.fired.includes(runId)
      ? ({ kind: 'completed' } as const)
      : ({ kind: 'waiting', actions: [{ name: 'Continue', path: '/' }] } as const);
    const email = address('lee@example.org');
    const person = { email, name: runId, managerEmail: address('max@example.org') };
    const place = { workflowId, runId, stepId: 's', iteration: { number: 1 } };
    return { ...place, person, personId: undefined, step };
  }

  async search() {
    return { kind: 'none' } as const;
  }

  async fire({ runId }: Run) {
    this.fired.push(runId);
    return { kind: 'fired' } as const;
  }
}

/** Queue, runner and handler as the service has them, on a small tenant. */
async function withService(
  brakes: Brakes,
  use: (scene: ReturnType<typeof assembled>) => Promise<void>,
): Promise<void> {
  const scene = assembled(brakes);
  await scene.runner.start();
  try {
    await use(scene);
  } finally {
    await scene.runner.stop({ graceMs: 1_000 });
    await scene.store.close();
  }
}

function assembled(brakes: Brakes) {
  files += 1;
  const store = openSqliteStore(join(folder, `${files}.db`));
  const tenant = new SmallTenant();
  const runs = new AnyRun();
  const log = pino({ level: 'silent' });
  const entry = { policy, workflow: { id: 'w', name: 'Person leaves' } };
  const handler = createLeaverHandler({
    jobs: store,
    directory: { find: async () => [entry], check: async () => [] },
    runs,
    people: undefined,
    exchangeFor: () => tenant,
    brakes,
    clock: systemClock,
    log,
  });
  const runner = new Runner({
    store,
    handler,
    concurrency: 2,
    retry: { maxAttempts: 3 },
    clock: systemClock,
    random: () => 0,
    log,
  });
  const wake = () => runner.wake();
  const intake = createIntake(store, wake, systemClock.now);
  return {
    store,
    tenant,
    runs,
    runner,
    undo: createUndo(store, wake, systemClock.now),
    async accept(runId: string, source: 'webhook' | 'poll' = 'webhook'): Promise<string> {
      const request = { workflowId: 'w', runId, step: 'Signal', source } as const;
      return (await intake.accept(request)).jobId;
    },
    becomes: (id: string, state: string) =>
      eventually(`the job is ${state}`, async () => (await store.find(id))?.state === state),
  };
}

test('a job that gave up waiting for its run goes on when a sweep sees the run there', async () => {
  const { store, runner, accept, becomes } = assembled(brakeSettings.parse({}));
  const givenUp = async (runId: string, code: string) => {
    const id = await accept(runId);
    await store.claim(systemClock.now());
    const reason = { code, message: 'canary' };
    await store.finish(id, { state: 'needs-attention', reason }, systemClock.now());
    return id;
  };
  const late = await givenUp('r1', 'trelica.step-not-reached');
  const stuck = await givenUp('r2', 'offboarding.stopped-by-finding');
  await runner.start();
  await accept('r1');
  assert.equal((await store.find(late))?.state, 'needs-attention', 'a webhook proves nothing');
  await accept('r2', 'poll');
  assert.equal(await accept('r1', 'poll'), late);
  await becomes(late, 'done');
  assert.equal((await store.find(stuck))?.state, 'needs-attention');
  assert.equal(
    (await store.history(late)).find(({ event }) => event === 'retried')?.facts.by,
    'sweep',
  );
  await runner.stop({ graceMs: 1_000 });
  await store.close();
});

test('a job that is cancelled between two changes reads the first, and signals nothing', () =>
  withService(brakeSettings.parse({}), async ({ store, tenant, runs, runner, accept, becomes }) => {
    const apply = tenant.apply.bind(tenant);
    tenant.apply = async (call) => {
      const applied = await apply(call);
      const [job] = await store.list({ limit: 1 });
      await runner.cancel(job?.id ?? '', 'http');
      return applied;
    };
    const id = await accept('r1');
    await becomes(id, 'cancelled');
    const { changes, verification } = readReport((await store.find(id))?.report);
    assert.deepEqual(
      changes.map(({ outcome }) => outcome),
      ['done'],
    );
    assert.equal(verification?.verified, false);
    assert.deepEqual(runs.fired, []);
  }));

test('the limit holds the next leaver, but neither the undo nor whoever is approved', () =>
  withService(brakeSettings.parse({ perHour: 1 }), async (scene) => {
    const { store, tenant, runs, runner, undo, accept, becomes } = scene;
    const first = await accept('r1');
    await becomes(first, 'done');
    const second = await accept('r2');
    await becomes(second, 'held');
    const undoing = await undo(first);
    await becomes(undoing.jobId, 'done');
    assert.equal(tenant.type, 'UserMailbox');
    await store.approve(second, 'http', systemClock.now());
    runner.wake();
    await becomes(second, 'done');
    assert.deepEqual([tenant.type, runs.fired], ['SharedMailbox', ['r1', 'r2']]);
  }));

test('an undo leaves alone whom the brakes protect by now', () => {
  const brakes = brakeSettings.parse({});
  return withService(brakes, async ({ store, tenant, undo, accept, becomes }) => {
    const original = await accept('r1');
    await becomes(original, 'done');
    brakes.neverTouch.push(address('lee@example.org'));
    const { jobId } = await undo(original);
    await becomes(jobId, 'needs-attention');
    assert.equal((await store.find(jobId))?.reason?.code, 'offboarding.never-touch');
    assert.equal(tenant.type, 'SharedMailbox');
  });
});
