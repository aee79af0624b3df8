import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/offboarding/address.ts';
import type { Run } from '../../src/offboarding/ports.ts';
import type { WireAction } from '../../src/trelica/wire.ts';
import {
  always,
  answerJson,
  forbiddenServer,
  type Scene,
  type Script,
  type Seen,
  scene,
} from '../support/scripted-trelica.ts';
import { apiOf, aRun, CONTINUE_PATH, WAITING_STEP, WORKFLOW } from '../support/trelica-answers.ts';

const LIST_PATH = '/api/workflows/v1/workflow1/runs';

function read({ runs }: Scene): Promise<Run> {
  return runs.read('workflow1', 'run1', 'Signal');
}

async function list({ runs }: Scene): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { runId } of runs.listWaiting('workflow1', 'Signal')) {
    found.push(runId);
  }
  return found;
}

function search({ runs }: Scene, email: string) {
  const address = parseAddress(email);
  assert.ok(address !== undefined);
  return runs.search('workflow1', address, 'Signal');
}

/** Pages by number: `?after=1` gives the second. */
function pages(...bodies: readonly object[]): Script {
  return (seen, response) =>
    answerJson(response, 200, bodies[Number(seen.query.get('after') ?? 0)]);
}

function listings({ trelica }: Scene): readonly Seen[] {
  return trelica.apiRequests.filter(({ path }) => path === LIST_PATH);
}

test('a run is read with person, step and actions', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({ runs: always(200, aRun()) });
  assert.deepEqual(await read(here), {
    workflowId: 'workflow1',
    runId: 'run1',
    stepId: 'step2',
    iteration: { number: 1 },
    personId: undefined,
    person: { email: 'lee@example.org', name: 'Lee Leaver', managerEmail: 'max@example.org' },
    step: {
      kind: 'waiting',
      actions: [{ name: 'Continue', path: CONTINUE_PATH }],
      untilDtm: '2025-03-08T08:00:00Z',
    },
  });
  assert.equal(here.trelica.apiRequests.at(-1)?.path, `${LIST_PATH}/run1`);
});

test('a run in an envelope is read too, and it is the one asked for', async (t) => {
  const here = await scene(t);
  const results = [aRun({ id: 'other' }), aRun()];
  here.trelica.api = apiOf({ runs: always(200, { results }) });
  assert.equal((await read(here)).runId, 'run1');
});

for (const [what, script] of [
  ['404', always(404, { title: 'Not Found' })],
  ['another run', always(200, aRun({ id: 'other' }))],
  ['an envelope without the run', always(200, { results: [aRun({ id: 'other' })] })],
  ['an empty envelope', always(200, { results: [] })],
] as const) {
  test(`${what} means that there is no such run`, async (t) => {
    const here = await scene(t);
    here.trelica.api = apiOf({ runs: script });
    await assert.rejects(read(here), { code: 'trelica.run-not-found' });
  });
}

for (const body of [{}, null, [], 'run', { id: 7 }, { id: 'run1', steps: [{ name: 'no id' }] }]) {
  test(`${JSON.stringify(body)} is no run`, async (t) => {
    const here = await scene(t);
    here.trelica.api = apiOf({ runs: always(200, body) });
    await assert.rejects(read(here), { code: 'trelica.answer-invalid' });
  });
}

test('null members and unknown members and states pass', async (t) => {
  const here = await scene(t);
  const run = {
    id: 'run1',
    name: null,
    status: 'Pondering',
    deleted: null,
    context: null,
    steps: null,
    mood: {},
  };
  here.trelica.api = apiOf({ runs: always(200, run) });
  const { person, step } = await read(here);
  assert.deepEqual([person, step], [undefined, { kind: 'not-reached' }]);
});

test('a step title that the workflow does not have is an error, not a step still to come', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({ runs: always(200, aRun()) });
  const missing = { code: 'trelica.step-not-found' };
  await assert.rejects(here.runs.read('workflow1', 'run1', 'Sigal'), missing);
  await assert.rejects(here.runs.listWaiting('workflow1', 'Sigal').next(), missing);
});

function withActions(...actions: WireAction[]) {
  return aRun({ steps: [{ ...WAITING_STEP, waiting: { actions } }] });
}

test('an action is known by its name, else by its older label', async (t) => {
  const here = await scene(t);
  const run = withActions(
    { label: 'Continue' },
    { name: 'Fail', label: 'x' },
    { href: '/nameless' },
    { name: null },
  );
  here.trelica.api = apiOf({ runs: always(200, run) });
  const { step } = await read(here);
  assert.deepEqual(step.kind === 'waiting' && step.actions, [
    { name: 'Continue', path: CONTINUE_PATH },
    { name: 'Fail', path: CONTINUE_PATH.replace('Continue', 'Fail') },
  ]);
});

test('the link of an action is kept with its query, absolute or not', async (t) => {
  const here = await scene(t);
  const path = `${CONTINUE_PATH}?iterationId=2`;
  for (const href of [path, `${here.trelica.origin}${path}`]) {
    here.trelica.api = apiOf({ runs: always(200, withActions({ name: 'Continue', href })) });
    const { step } = await read(here);
    assert.deepEqual(step.kind === 'waiting' && step.actions, [{ name: 'Continue', path }]);
  }
  assert.deepEqual(here.logged, []);
});

test('an action that leads elsewhere is logged and its documented address used', async (t) => {
  const here = await scene(t);
  const foreign = await forbiddenServer(t);
  for (const href of [`${foreign.origin}/steal`, '//evil.example/x', 'javascript:x', 'http://[']) {
    here.trelica.api = apiOf({ runs: always(200, withActions({ name: 'Continue', href })) });
    const run = await read(here);
    assert.ok(run.step.kind === 'waiting');
    const [action] = run.step.actions;
    assert.equal(action?.path, CONTINUE_PATH);
  }
  assert.equal(here.logged.length, 4);
  assert.ok(here.logged.every((line) => line.includes('trelica.foreign-link')));
});

test('waiting runs are asked for with the filter of the vendor, by the id of the step', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({ runs: pages({ results: [aRun()] }) });
  assert.deepEqual(await list(here), ['run1']);
  const [request] = listings(here);
  assert.equal(
    request?.query.get('filter'),
    'status ne "Terminated" and steps[status eq "Waiting" and id eq "step2"]',
  );
  assert.equal(request?.query.get('limit'), '100');
});

test('runs that do not wait at our step are left out, whatever the filter let through', async (t) => {
  const here = await scene(t);
  const results = [
    aRun({ id: 'a', steps: [] }),
    aRun({ id: 'b', status: 'Terminated' }),
    aRun({ id: 'c', deleted: true }),
    aRun({ id: 'd', steps: [{ ...WAITING_STEP, status: 'Completed' }] }),
    aRun({ id: 'e' }),
  ];
  here.trelica.api = apiOf({ runs: pages({ results }) });
  assert.deepEqual(await list(here), ['e']);
});

test('all pages are read, however the links are written, and a run only once', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({
    runs: pages(
      { next: `${here.trelica.origin}${LIST_PATH}?after=1`, results: [aRun({ id: 'a' })] },
      { next: `${LIST_PATH}?after=2`, results: [aRun({ id: 'a' }), aRun({ id: 'b' })] },
      { next: '?after=3', results: [aRun({ id: 'c' })] },
      { next: null, results: [aRun({ id: 'd' })] },
    ),
  });
  assert.deepEqual(await list(here), ['a', 'b', 'c', 'd']);
});

test('a page without results is the last, even with a next', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({
    runs: pages({ next: '?after=1', results: [aRun()] }, { next: '?after=2', results: [] }),
  });
  assert.deepEqual(await list(here), ['run1']);
  assert.equal(listings(here).length, 2);
});

test('pages that lead back to each other end in an error', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({
    runs: pages(
      { next: '?after=1', results: [aRun({ id: 'a' })] },
      { next: '?after=0', results: [aRun({ id: 'b' })] },
    ),
  });
  await assert.rejects(list(here), { code: 'trelica.answer-invalid' });
  assert.ok(listings(here).length <= 4);
});

test('pages that go on for ever end in an error', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({
    runs: ({ query }, response) => {
      const after = Number(query.get('after') ?? 0) + 1;
      answerJson(response, 200, { next: `?after=${after}`, results: [aRun()] });
    },
  });
  await assert.rejects(list(here), { code: 'trelica.answer-invalid' });
  assert.equal(listings(here).length, 1_000);
});

test('a next that leaves Trelica is an error and never followed', async (t) => {
  const here = await scene(t);
  const foreign = await forbiddenServer(t);
  for (const next of [
    `${foreign.origin}${LIST_PATH}?after=1`,
    '//evil.example/',
    'file:///etc/passwd',
  ]) {
    here.trelica.api = apiOf({ runs: pages({ next, results: [aRun()] }) });
    await assert.rejects(list(here), { code: 'trelica.foreign-link' });
  }
});

test('a listing that is no page is an invalid answer', async (t) => {
  const here = await scene(t);
  for (const body of [{}, { results: null }, { results: {} }, [aRun()]]) {
    here.trelica.api = apiOf({ runs: always(200, body) });
    await assert.rejects(list(here), { code: 'trelica.answer-invalid' });
  }
});

test('a listed run whose id could not be part of a path is an invalid answer', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({ runs: pages({ results: [{ ...aRun(), id: '../x' }] }) });
  await assert.rejects(list(here), { code: 'trelica.answer-invalid' });
});

function runOf(id: string, email: unknown) {
  return aRun({ id, context: { person: { email } } });
}

test("a person's run is found by address, whatever its case", async (t) => {
  const here = await scene(t);
  const results = [runOf('a', 'max@example.org'), runOf('b', 'LEE@Example.ORG'), runOf('c', null)];
  here.trelica.api = apiOf({ runs: pages({ results }) });
  const found = await search(here, 'lee@example.org');
  assert.equal(found.kind === 'found' && found.run.runId, 'b');
  assert.deepEqual(await search(here, 'ee@example.org'), { kind: 'none' });
});

test('two waiting runs of one person are several', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({
    runs: pages(
      { next: '?after=1', results: [runOf('a', 'lee@example.org')] },
      { results: [runOf('b', 'lee@example.org')] },
    ),
  });
  assert.deepEqual(await search(here, 'lee@example.org'), { kind: 'several', count: 2 });
});

test('two steps with one title are both searched', async (t) => {
  const here = await scene(t);
  const second = { id: 'step3', name: 'Signal' };
  const workflow = { ...WORKFLOW, steps: [...(WORKFLOW.steps ?? []), second] };
  here.trelica.api = apiOf({
    workflows: [workflow],
    runs: ({ query }, response) => {
      const isSecond = query.get('filter')?.includes('"step3"');
      const waiting = { ...WAITING_STEP, id: isSecond ? 'step3' : 'step2' };
      answerJson(response, 200, { results: [aRun({ id: waiting.id, steps: [waiting] })] });
    },
  });
  assert.deepEqual(await list(here), ['step2', 'step3']);
});

/** A run that waits in the second round of a loop, or in two at once. */
function rounds(...shown: readonly ('left' | string)[]) {
  return aRun({
    steps: shown.map((id) =>
      id === 'left'
        ? { id: 'step2', name: 'Signal', status: 'Completed', completed: {} }
        : {
            ...WAITING_STEP,
            waiting: {
              actions: [{ name: 'Continue', href: `${CONTINUE_PATH}?iterationId=${id}` }],
            },
          },
    ),
  });
}

test('a run that waits in two rounds of a loop is listed twice, each with its own iteration', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({ runs: pages({ results: [rounds('left', 'b', 'c')] }) });
  const found: Run[] = [];
  for await (const run of here.runs.listWaiting('workflow1', 'Signal')) {
    found.push(run);
  }
  assert.deepEqual(
    found.map(({ iteration }) => iteration),
    [
      { number: 2, id: 'b' },
      { number: 3, id: 'c' },
    ],
  );
  assert.deepEqual(
    found.map(({ step }) => step.kind === 'waiting' && step.actions[0]?.path),
    ['b', 'c'].map((id) => `${CONTINUE_PATH}?iterationId=${id}`),
  );
});

test('a round that was left is not mistaken for the next one, which waits', async (t) => {
  const here = await scene(t);
  here.trelica.api = apiOf({ runs: always(200, rounds('left', 'b')) });
  const first = await here.runs.read('workflow1', 'run1', 'Signal', { number: 1, id: 'a' });
  assert.equal(first.step.kind, 'completed');
  const latest = await read(here);
  assert.deepEqual([latest.step.kind, latest.iteration], ['waiting', { number: 2, id: 'b' }]);
});
