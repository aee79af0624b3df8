import assert from 'node:assert/strict';
import { test } from 'node:test';
import { always, forbiddenServer, html, type Scene, scene } from '../support/scripted-trelica.ts';
import { apiOf, aRun, CONTINUE_PATH } from '../support/trelica-answers.ts';

async function fire(here: Scene, path = CONTINUE_PATH) {
  here.trelica.api = apiOf({ runs: always(200, aRun()) });
  const run = await here.runs.read('workflow1', 'run1', 'Signal');
  return { run, shoot: () => here.runs.fire(run, { name: 'Continue', path }) };
}

test('a signal is a POST without a body to the path of the action', async (t) => {
  const here = await scene(t);
  const { shoot } = await fire(here, `${CONTINUE_PATH}?iterationId=2`);
  here.trelica.api = (_seen, response) => response.end();
  assert.deepEqual(await shoot(), { kind: 'fired' });
  const { method, path, query, body } = here.trelica.apiRequests.at(-1) ?? {};
  assert.deepEqual(
    [method, path, query?.get('iterationId'), body],
    ['POST', CONTINUE_PATH, '2', ''],
  );
});

for (const [what, script, expected] of [
  ['200 with JSON', always(200, { any: 'thing' }), { kind: 'fired' }],
  ['200 with HTML', html(200, '<p>ok</p>'), { kind: 'fired' }],
  ['202', always(202, {}), { kind: 'fired' }],
  ['409', always(409, { title: 'Conflict' }), { kind: 'not-waiting' }],
  ['400', always(400, { title: 'Bad' }), { kind: 'refused', status: 400 }],
  ['404', html(404, 'none'), { kind: 'refused', status: 404 }],
] as const) {
  test(`${what} after a signal means ${expected.kind}`, async (t) => {
    const here = await scene(t);
    const { shoot } = await fire(here);
    here.trelica.api = script;
    assert.deepEqual(await shoot(), expected);
  });
}

for (const [what, script, code] of [
  [
    'a lost answer',
    (_seen: unknown, response: { destroy(): void }) => response.destroy(),
    'trelica.unreachable',
  ],
  ['500', always(500, {}), 'trelica.server-error'],
  ['429', always(429, {}), 'trelica.throttled'],
  ['403', always(403, {}), 'trelica.forbidden'],
  ['a redirect', always(302, {}, { location: '/' }), 'trelica.answer-foreign'],
] as const) {
  test(`${what} after a signal is thrown, and the signal not repeated`, async (t) => {
    const here = await scene(t);
    const { shoot } = await fire(here);
    const before = here.trelica.apiRequests.length;
    here.trelica.api = script;
    await assert.rejects(shoot, { code });
    assert.equal(here.trelica.apiRequests.length, before + 1);
  });
}

test('an action whose path leaves Trelica is not fired', async (t) => {
  const here = await scene(t);
  const foreign = await forbiddenServer(t);
  const { shoot } = await fire(here, `${foreign.origin}/steal`);
  await assert.rejects(shoot, { code: 'trelica.foreign-link' });
});
