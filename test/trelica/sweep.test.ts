import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../src/errors.ts';
import { keyOf, type LeaverRequest, leaverRequest } from '../../src/offboarding/request.ts';
import { createSweep } from '../../src/trelica/sweep.ts';
import { answerJson, type Scene, scene } from '../support/scripted-trelica.ts';
import { aRun, WORKFLOW } from '../support/trelica-answers.ts';

/** Remembers what it was given; knows a run it has been given before. */
class MemoryIntake {
  readonly requests: LeaverRequest[] = [];
  fault: Error | undefined;

  async accept(request: LeaverRequest) {
    if (this.fault !== undefined) {
      throw this.fault;
    }
    const key = keyOf(leaverRequest.parse(request));
    const duplicate = this.requests.some((one) => keyOf(one) === key);
    this.requests.push(request);
    return { jobId: key, status: 'queued', duplicate };
  }
}

const POLICIES = [
  { workflow: 'Leaver mail', step: 'Signal' },
  { workflow: 'Gone', step: 'Signal' },
  { workflow: 'Contractor mail', step: 'Signal' },
];

/** Two workflows with two and one waiting runs; `Gone` does not exist. */
function twoWorkflows(here: Scene): void {
  const workflows = [WORKFLOW, { ...WORKFLOW, id: 'workflow2', name: 'Contractor mail' }];
  here.trelica.api = ({ path, query }, response) => {
    const results = {
      '/api/workflows/v1': workflows.filter(({ name }) => query.get('filter')?.includes(name)),
      '/api/workflows/v1/workflow1/runs': [aRun({ id: 'a' }), aRun({ id: 'b', context: null })],
      '/api/workflows/v1/workflow2/runs': [aRun({ id: 'c' })],
    }[path];
    answerJson(response, 200, { results });
  };
}

async function sweepScene(t: Parameters<typeof scene>[0]) {
  const here = await scene(t);
  twoWorkflows(here);
  const intake = new MemoryIntake();
  return { ...here, intake, sweep: createSweep({ ...here, policies: POLICIES, intake }) };
}

test('every waiting run of every workflow becomes work once; one fault does not stop the rest', async (t) => {
  const { intake, sweep, logged } = await sweepScene(t);
  const [first, gone, third] = (await sweep()).workflows;
  assert.deepEqual(first, { workflow: 'Leaver mail', waiting: 2, accepted: 2, known: 0 });
  assert.deepEqual(third, { workflow: 'Contractor mail', waiting: 1, accepted: 1, known: 0 });
  assert.equal(gone?.error?.code, 'trelica.workflow-not-found');
  assert.deepEqual(intake.requests, [
    {
      workflowId: 'workflow1',
      runId: 'a',
      email: 'lee@example.org',
      step: 'Signal',
      source: 'poll',
    },
    { workflowId: 'workflow1', runId: 'b', step: 'Signal', source: 'poll' },
    {
      workflowId: 'workflow2',
      runId: 'c',
      email: 'lee@example.org',
      step: 'Signal',
      source: 'poll',
    },
  ]);
  assert.ok(logged.some((line) => line.includes('trelica.workflow-not-found')));
  const again = (await sweep()).workflows[0];
  assert.deepEqual(again, { workflow: 'Leaver mail', waiting: 2, accepted: 0, known: 2 });
});

test('two sweeps at once are one', async (t) => {
  const { intake, sweep } = await sweepScene(t);
  const [one, two] = await Promise.all([sweep(), sweep()]);
  assert.equal(one, two);
  assert.equal(intake.requests.length, 3);
  assert.notEqual(await sweep(), one);
});

test('work that cannot be stored is reported, without its inner words', async (t) => {
  const { intake, sweep } = await sweepScene(t);
  intake.fault = new ServiceError('jobs.store-unusable', 'the disk is full');
  assert.deepEqual((await sweep()).workflows[0], {
    workflow: 'Leaver mail',
    waiting: 1,
    accepted: 0,
    known: 0,
    error: { code: 'jobs.store-unusable', message: 'the disk is full' },
  });
  intake.fault = new Error('private words');
  const error = { code: 'service.internal', message: 'an unexpected fault' };
  assert.deepEqual((await sweep()).workflows[0]?.error, error);
});

test('runs found before a listing breaks stay accepted', async (t) => {
  const here = await sweepScene(t);
  const inner = here.trelica.api;
  here.trelica.api = (seen, response) =>
    seen.path.endsWith('/workflow1/runs')
      ? answerJson(response, 200, { next: 'https://evil.example/', results: [aRun({ id: 'a' })] })
      : inner(seen, response);
  const [first, , third] = (await here.sweep()).workflows;
  assert.equal(first?.accepted, 1);
  assert.equal(first?.error?.code, 'trelica.foreign-link');
  assert.equal(third?.accepted, 1);
});

test('each round of a loop is work of its own, the first one also without a number', async (t) => {
  const here = await scene(t);
  const left = { id: 'step2', name: 'Signal', status: 'Completed', completed: {} };
  const waiting = aRun().steps?.at(-1);
  assert.ok(waiting !== undefined);
  const intake = new MemoryIntake();
  const sweep = createSweep({ ...here, policies: POLICIES.slice(0, 1), intake });
  for (const steps of [[waiting], [left, waiting]]) {
    here.trelica.api = ({ path }, response) =>
      answerJson(response, 200, {
        results: path.endsWith('/runs') ? [aRun({ steps })] : [WORKFLOW],
      });
    assert.equal((await sweep()).workflows[0]?.accepted, 1);
    assert.equal((await sweep()).workflows[0]?.known, 1);
  }
  assert.deepEqual(
    intake.requests.map(({ iteration }) => iteration),
    [undefined, undefined, { number: 2 }, { number: 2 }],
  );
});
