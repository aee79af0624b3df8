import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { ServiceError } from '../../src/errors.ts';
import { bearer, openScene, type Scene, TOKENS, WORKFLOW } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await openScene();
});
after(() => scene.app.close());
beforeEach(() => {
  scene.accepted.length = 0;
});

const RUN = { workflowId: WORKFLOW.id, runId: '61bb10bb20cc30dd40ee5100' };
const PERSON = { workflow: WORKFLOW.name, email: "lee.o'neil@example.org" };

function post(payload: string | object, headers: Record<string, string> = {}) {
  return scene.app.inject({
    method: 'POST',
    url: '/webhooks/trelica',
    headers: {
      'content-type': 'application/json',
      ...bearer('webhook-canary-now'),
      ...headers,
    },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
}

test('a run is accepted with 202, a place to look, and small flat JSON', async () => {
  const answer = await post(RUN);
  assert.equal(answer.statusCode, 202);
  assert.equal(answer.headers.location, '/jobs/job-1');
  assert.deepEqual(answer.json(), { jobId: 'job-1', status: 'queued', duplicate: false });
  assert.deepEqual(scene.accepted, [{ ...RUN, step: 'Signal', source: 'webhook' }]);
});

test('the same run again is answered 202 as a duplicate', async () => {
  await post(RUN);
  assert.equal((await post(RUN)).json().duplicate, true);
});

test('a workflow that cannot send ids sends its name and the person', async () => {
  const answer = await post({ ...PERSON, email: "  Lee.O'Neil@Example.org " });
  assert.equal(answer.statusCode, 202);
  assert.deepEqual(scene.accepted, [
    { workflowId: WORKFLOW.id, email: PERSON.email, step: 'Signal', source: 'webhook' },
  ]);
});

test('the token before the current one is still good', async () => {
  assert.equal((await post(RUN, bearer('webhook-canary-before'))).statusCode, 202);
});

test('a content type with parameters is fine', async () => {
  const answer = await post(RUN, { 'content-type': 'application/json; charset=utf-8' });
  assert.equal(answer.statusCode, 202);
});

test('a merge field that had nothing to fill in counts as left out', async () => {
  for (const blank of [null, '', ' ']) {
    const answer = await post({ ...PERSON, workflowId: blank, runId: blank, step: blank });
    assert.equal(answer.statusCode, 202, answer.body);
  }
});

const deep = `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`;
const BAD: readonly [string, string | object, number, Record<string, string>?][] = [
  ['no JSON at all', 'hello', 400],
  ['half a document', '{"workflowId":"a"', 400],
  ['no body', '', 400],
  ['a list', [RUN], 400],
  ['null', 'null', 400],
  ['deep nesting', deep, 400],
  ['a key twice', '{"workflowId":"a","runId":"b","runId":"c"}', 400],
  ['a key twice, once escaped', '{"workflowId":"a","runId":"b","run\\u0049d":"c"}', 400],
  ['a forbidden key', '{"__proto__":{"x":1},"workflowId":"a","runId":"b"}', 400],
  ['an unknown key', { ...RUN, extra: 1 }, 400],
  ['a missing key', { workflowId: WORKFLOW.id }, 400],
  ['both shapes at once', { ...RUN, ...PERSON }, 400],
  ['a number for an id', { ...RUN, runId: 5 }, 400],
  ['an empty id', { ...RUN, runId: ' ' }, 400],
  ['an id with a slash', { ...RUN, runId: 'a/b' }, 400],
  ['an id that climbs', { ...RUN, runId: '..' }, 400],
  ['an id with an escape', { ...RUN, runId: '%2e%2e' }, 400],
  ['an id that is too long', { ...RUN, runId: 'a'.repeat(65) }, 400],
  ['an unfilled merge field', { ...RUN, runId: '{{run.id}}' }, 400],
  ['no address', { ...PERSON, email: 'lee' }, 400],
  ['two addresses', { ...PERSON, email: 'a@example.org,b@example.org' }, 400],
  ['an address with a line break', { ...PERSON, email: 'a@example.org\nb' }, 400],
  ['an address with a name', { ...PERSON, email: 'Lee <lee@example.org>' }, 400],
  ['an address with a wildcard', { ...PERSON, email: '*@example.org' }, 400],
  ['a workflow that is not configured', { ...PERSON, workflow: 'Another' }, 422],
  ['a workflow id that is not configured', { ...RUN, workflowId: 'ffff' }, 422],
  ['a body that is too large', { ...PERSON, email: 'x'.repeat(70_000) }, 413],
  ['another content type', RUN, 415, { 'content-type': 'text/plain' }],
  ['a form', RUN, 415, { 'content-type': 'application/x-www-form-urlencoded' }],
  ['no token', RUN, 401, { authorization: '' }],
  ['a wrong token', RUN, 401, bearer('webhook-canary-not')],
  ['a token of another audience', RUN, 401, bearer('operator-canary-token')],
  ['a token in another scheme', RUN, 401, { authorization: 'Basic webhook-canary-now' }],
];
for (const [name, payload, status, headers] of BAD) {
  test(`${name} is answered ${status} as a problem, and nothing is accepted`, async () => {
    const answer = await post(payload, headers);
    assert.equal(answer.statusCode, status, answer.body);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    const problem = answer.json();
    assert.equal(problem.status, status);
    assert.match(problem.type, /^urn:exo-bridge:problem:/);
    assert.deepEqual(scene.accepted, []);
  });
}

test('broken UTF-8 is refused', async () => {
  const answer = await scene.app.inject({
    method: 'POST',
    url: '/webhooks/trelica',
    headers: { 'content-type': 'application/json', ...bearer('webhook-canary-now') },
    payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  });
  assert.equal(answer.statusCode, 400);
});

test('a validation problem names the place and never repeats the value', async () => {
  const answer = await post({ ...PERSON, email: 'secret-value' });
  assert.doesNotMatch(answer.body, /secret-value/);
  assert.ok(answer.json().errors.length > 0);
});

test('an outage of Trelica is told as 503 with a time to come back', async () => {
  const { workflows } = scene;
  scene.workflows = async () => {
    throw new ServiceError('trelica.unreachable', 'reset by 10.0.0.1');
  };
  const answer = await post(RUN);
  scene.workflows = workflows;
  assert.equal(answer.statusCode, 503);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.doesNotMatch(answer.body, /10\.0\.0\.1/);
});

test('an unexpected failure tells the caller nothing of its inside', async () => {
  const { workflows } = scene;
  scene.workflows = async () => {
    throw new Error('inner secret');
  };
  const answer = await post(RUN);
  scene.workflows = workflows;
  assert.equal(answer.statusCode, 500);
  assert.doesNotMatch(answer.body, /inner secret/);
});

test('no token ever appears in a log line or an answer', async () => {
  await post(RUN);
  await post(RUN, bearer('webhook-canary-wrong-one'));
  const tokens = Object.values(TOKENS).flat();
  const text = scene.logged.join('');
  assert.ok(text.includes('request answered'));
  for (const token of [...tokens, 'webhook-canary-wrong-one']) {
    assert.ok(!text.includes(token));
  }
});

test('a step that is named is looked for; where several are configured and none is named, the run tells', async () => {
  assert.equal((await post({ ...RUN, step: ' Signal ' })).statusCode, 202);
  assert.equal((await post({ ...RUN, step: 'Sigal' })).json().code, 'http.unknown-workflow');
  assert.equal((await post({ ...RUN, step: '{{step}}' })).statusCode, 400);
  scene.workflows = async () => ({ workflowId: WORKFLOW.id, steps: ['Signal', 'Later'] });
  await post(PERSON);
  assert.deepEqual(scene.accepted, [
    { ...RUN, step: 'Signal', source: 'webhook' },
    { workflowId: WORKFLOW.id, email: PERSON.email, source: 'webhook' },
  ]);
});
