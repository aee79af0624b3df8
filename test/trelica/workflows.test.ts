import assert from 'node:assert/strict';
import { test } from 'node:test';
import { always, answerJson, inTurn, type Script, scene } from '../support/scripted-trelica.ts';
import { WORKFLOW } from '../support/trelica-answers.ts';

/** Knows the filters `name eq "…"` and `id eq "…"`. */
function filtering(...workflows: readonly object[]): Script {
  return ({ query }, response) => {
    const [, member = '', value = '""'] = /^(\w+) eq (".*")$/.exec(query.get('filter') ?? '') ?? [];
    const results = workflows.filter((workflow) =>
      Object.entries(workflow).some(
        ([name, found]) => name === member && found === JSON.parse(value),
      ),
    );
    answerJson(response, 200, { results });
  };
}

test('a workflow is found by name, and by id if no name fits', async (t) => {
  const { trelica, workflows } = await scene(t);
  trelica.api = filtering(WORKFLOW);
  const expected = { id: 'workflow1', name: 'Leaver mail' };
  assert.deepEqual(await workflows.resolve('Leaver mail'), expected);
  const other = await scene(t);
  other.trelica.api = filtering(WORKFLOW);
  assert.deepEqual(await other.workflows.resolve('workflow1'), expected);
});

test('quotes and backslashes in a name cannot end the filter', async (t) => {
  const { trelica, workflows } = await scene(t);
  const name = 'He said "go" or id eq "x" \\ ü';
  trelica.api = filtering({ id: 'w2', name });
  assert.equal((await workflows.resolve(name)).id, 'w2');
  const [request] = trelica.apiRequests;
  assert.equal(request?.query.get('filter'), `name eq ${JSON.stringify(name)}`);
});

test('no workflow, a deleted one and one with another name are not found', async (t) => {
  for (const found of [
    [],
    [{ ...WORKFLOW, deleted: true }],
    [{ ...WORKFLOW, name: 'Leaver mail 2' }],
  ]) {
    const { trelica, workflows } = await scene(t);
    trelica.api = always(200, { results: found });
    await assert.rejects(workflows.resolve('Leaver mail'), { code: 'trelica.workflow-not-found' });
  }
});

test('two workflows with one name are ambiguous, unless one of them is deleted', async (t) => {
  const { trelica, workflows } = await scene(t);
  trelica.api = filtering(WORKFLOW, { ...WORKFLOW, id: 'w2' });
  await assert.rejects(workflows.resolve('Leaver mail'), { code: 'trelica.workflow-ambiguous' });
  trelica.api = filtering(WORKFLOW, { ...WORKFLOW, id: 'w2', deleted: true });
  assert.equal((await workflows.resolve('Leaver mail')).id, 'workflow1');
});

test('a workflow is asked for once in five minutes, by name and by id together', async (t) => {
  const { trelica, workflows, clock } = await scene(t);
  trelica.api = filtering(WORKFLOW);
  await Promise.all(Array.from({ length: 20 }, () => workflows.resolve('Leaver mail')));
  await workflows.define('workflow1');
  clock.now = 299_999;
  await workflows.resolve('Leaver mail');
  assert.equal(trelica.apiRequests.length, 1);
  clock.now = 300_000;
  await workflows.resolve('Leaver mail');
  assert.equal(trelica.apiRequests.length, 2);
});

test('a failure is not kept', async (t) => {
  const { trelica, workflows } = await scene(t);
  trelica.api = inTurn(always(500, {}), filtering(WORKFLOW));
  await assert.rejects(workflows.resolve('Leaver mail'), { code: 'trelica.server-error' });
  assert.equal((await workflows.resolve('Leaver mail')).id, 'workflow1');
});

test('a workflow named like the id of another is not taken for it', async (t) => {
  const { trelica, workflows } = await scene(t);
  trelica.api = filtering(WORKFLOW, { id: 'w2', name: 'workflow1' });
  assert.equal((await workflows.define('workflow1')).name, 'Leaver mail');
});

test('what was known of a workflow stays known while Trelica is down, and no longer', async (t) => {
  const { trelica, workflows, clock } = await scene(t);
  trelica.api = filtering(WORKFLOW);
  await workflows.resolve('Leaver mail');
  clock.now = 300_000;
  trelica.api = always(503, {});
  assert.equal((await workflows.resolve('Leaver mail')).id, 'workflow1');
  clock.now = 315_000;
  trelica.api = filtering();
  await assert.rejects(workflows.resolve('Leaver mail'), { code: 'trelica.workflow-not-found' });
});
