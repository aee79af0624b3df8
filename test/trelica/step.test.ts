import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decisive,
  iterationsOf,
  occurrencesOf,
  sameIteration,
  stateOf,
  titled,
} from '../../src/trelica/step.ts';
import type { WireRunStep, WireWorkflow } from '../../src/trelica/wire.ts';
import { aRun, WORKFLOW } from '../support/trelica-answers.ts';

const step = (id: string, status: string, more: object = {}): WireRunStep => ({
  id,
  name: 'Signal',
  status,
  ...more,
});

function kindOf(runStatus: string | null, stepStatus: string | undefined, deleted = false): string {
  const run = aRun({ status: runStatus, deleted });
  return stateOf(
    run,
    stepStatus === undefined ? undefined : { step: step('step2', stepStatus) },
    [],
  ).kind;
}

for (const [run, ours, expected] of [
  ['Waiting', 'Waiting', 'waiting'],
  ['Running', 'Waiting', 'waiting'],
  ['Something new', 'Waiting', 'waiting'],
  [null, 'waiting', 'waiting'],
  // The vendor's own pollers leave out terminated runs only.
  ['Failed', 'Waiting', 'waiting'],
  ['Terminated', 'Waiting', 'ended'],
  ['Cancelled', 'Waiting', 'ended'],
  ['Canceled', 'Waiting', 'ended'],
  ['Waiting', 'Completed', 'completed'],
  ['Completed', 'Completed', 'completed'],
  ['Terminated', 'Completed', 'completed'],
  ['Waiting', 'Failed', 'ended'],
  ['Waiting', undefined, 'not-reached'],
  ['Something new', undefined, 'not-reached'],
  [null, undefined, 'not-reached'],
  ['Waiting', 'Something new', 'not-reached'],
  ['Terminated', undefined, 'ended'],
  ['Failed', undefined, 'ended'],
  ['Completed', undefined, 'ended'],
  ['Completed', 'Something new', 'ended'],
] as const) {
  test(`run ${run}, step ${ours ?? 'not there'}: ${expected}`, () => {
    assert.equal(kindOf(run, ours), expected);
  });
}

test('a deleted run has ended', () => {
  assert.equal(kindOf('Waiting', 'Waiting', true), 'ended');
  assert.equal(kindOf('Completed', 'Completed', true), 'completed');
});

test('a waiting step tells until when', () => {
  const until = step('s', 'Waiting', { waiting: { untilDtm: '2025-03-08T08:00:00Z' } });
  assert.deepEqual(stateOf(aRun(), { step: until }, []), {
    kind: 'waiting',
    actions: [],
    untilDtm: '2025-03-08T08:00:00Z',
  });
});

test("an administrator's own title counts before the stock title of the type", () => {
  const approval = { id: 'a', name: 'Signal', customName: 'Manager approval' };
  const mail = { id: 'b', name: 'Signal', customName: 'Exchange ' };
  const plain = { id: 'c', name: 'Signal', customName: null };
  const misleading = { id: 'd', name: 'Other', customName: 'Signal' };
  assert.deepEqual(titled([approval, mail], 'Exchange'), [mail]);
  assert.deepEqual(titled([approval, plain], 'Signal'), [plain]);
  assert.deepEqual(titled([approval, plain, misleading], 'Signal'), [misleading]);
  assert.deepEqual(titled([approval], 'Signal'), [approval]);
  assert.deepEqual(titled([approval], 'signal'), []);
});

test('a run that shows only the stock title is matched by the id in the workflow', () => {
  const workflow: WireWorkflow = {
    ...WORKFLOW,
    steps: [
      { id: 'a', name: 'Signal', customName: 'Manager approval' },
      { id: 'b', name: 'Signal', customName: 'Exchange' },
    ],
  };
  const approval = step('a', 'Waiting');
  const mail = step('b', 'Waiting');
  assert.deepEqual(occurrencesOf(aRun({ steps: [approval, mail] }), workflow, 'Exchange'), [mail]);
  // Not come to our step yet: the other Signal step is not taken for it.
  assert.deepEqual(occurrencesOf(aRun({ steps: [approval] }), workflow, 'Exchange'), []);
});

test('a step the workflow no longer has is matched by its title in the run', () => {
  const old = step('old', 'Waiting');
  assert.deepEqual(occurrencesOf(aRun({ steps: [old] }), WORKFLOW, 'Signal'), [old]);
  const without: WireWorkflow = { ...WORKFLOW, steps: null };
  assert.deepEqual(occurrencesOf(aRun({ steps: [old] }), without, 'Signal'), [old]);
});

/** A step as a loop shows it: the id of the iteration is in the links, and gone with them. */
function round(status: string, id?: string): WireRunStep {
  const href = `/api/x${id === undefined ? '' : `?iterationId=${id}`}`;
  return status === 'Waiting'
    ? step('s', status, { waiting: { actions: [{ name: 'Continue', href }] } })
    : step('s', status);
}

test('of several occurrences the waiting one counts, else the latest', () => {
  const numbers = (...steps: WireRunStep[]) => decisive(iterationsOf(steps))?.iteration.number;
  assert.equal(numbers(round('Completed'), round('Waiting'), round('Completed')), 2);
  assert.equal(numbers(round('Completed'), round('Completed')), 2);
  assert.equal(numbers(), undefined);
});

for (const [what, shown, sought, expected] of [
  ['by its id', [round('Waiting', 'a'), round('Waiting', 'b')], { number: 1, id: 'b' }, 'Waiting'],
  [
    'by its place, once left',
    [round('Completed'), round('Waiting', 'b')],
    { number: 1, id: 'a' },
    'Completed',
  ],
  ['by its place, without ids', [round('Completed'), round('Waiting')], { number: 1 }, 'Completed'],
  [
    'as left, where a later one took its place',
    [round('Waiting', 'b')],
    { number: 1, id: 'a' },
    undefined,
  ],
  ['as left, where it is not shown any more', [round('Completed')], { number: 2 }, undefined],
] as const) {
  test(`an iteration seen before is known ${what}`, () => {
    const found = sameIteration(iterationsOf(shown), sought);
    assert.ok(found !== undefined);
    assert.equal(found.step?.status, expected);
    assert.equal(stateOf(aRun(), found, []).kind, expected === 'Waiting' ? 'waiting' : 'completed');
  });
}

test('an iteration of a step that the run does not show is not there', () => {
  assert.equal(sameIteration([], { number: 1 }), undefined);
});
