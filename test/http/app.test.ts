import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { createGuards } from '../../src/http/auth.ts';
import type { Job } from '../../src/jobs/store.ts';
import { bearer, openScene, type Scene } from './scene.ts';

let scene: Scene;
before(async () => {
  scene = await openScene();
  await scene.app.listen({ host: '127.0.0.1', port: 0 });
});
after(() => scene.app.close());

const JOB: Job = {
  id: 'j1',
  key: 'k',
  lock: 'lee@example.org',
  state: 'waiting',
  attempts: 2,
  failures: 1,
  outages: 0,
  crashes: 0,
  isCancelAsked: false,
  request: { workflowId: 'w', runId: 'r', step: 'Signal', source: 'webhook' },
  report: undefined,
  reason: { code: 'exchange.throttled', message: 'slow down' },
  dueAt: 2_000,
  createdAt: 1_000,
  updatedAt: 1_500,
  startedAt: 1_100,
  finishedAt: undefined,
};

function get(url: string, token?: string) {
  return scene.app.inject({ url, ...(token === undefined ? {} : { headers: bearer(token) }) });
}

test('a poll is answered with counts per workflow', async () => {
  const answer = await scene.app.inject({
    method: 'POST',
    url: '/poll',
    headers: bearer('poll-canary-token'),
  });
  assert.equal(answer.statusCode, 200, answer.body);
  assert.deepEqual(answer.json(), {
    workflows: [{ workflow: 'Person leaves', waiting: 2, accepted: 1, known: 1 }],
  });
});

test('a poll with an empty JSON object is fine, with anything else it is not', async () => {
  const post = (payload: object) =>
    scene.app.inject({
      method: 'POST',
      url: '/poll',
      headers: bearer('operator-canary-token'),
      payload,
    });
  assert.equal((await post({})).statusCode, 200);
  assert.equal((await post({ all: true })).statusCode, 400);
});

test('jobs are shown with state, reason and times', async () => {
  scene.jobs.push(JOB);
  const answer = await get('/jobs/j1', 'operator-canary-token');
  assert.equal(answer.statusCode, 200, answer.body);
  const shown = answer.json();
  assert.equal(shown.state, 'waiting');
  assert.equal(shown.dueAt, '1970-01-01T00:00:02.000Z');
  assert.deepEqual(shown.changes, []);
  const list = await get('/jobs?state=waiting&limit=1', 'operator-canary-token');
  assert.equal(list.json().jobs.length, 1);
  assert.equal((await get('/jobs?state=done', 'operator-canary-token')).json().jobs.length, 0);
});

test('only a job that needs attention is tried again', async () => {
  scene.jobs.push({ ...JOB, id: 'stuck', state: 'needs-attention' });
  const retry = (id: string) =>
    scene.app.inject({
      method: 'POST',
      url: `/jobs/${id}/retry`,
      headers: bearer('operator-canary-token'),
    });
  assert.equal((await retry('stuck')).statusCode, 202);
  assert.equal((await retry('j1')).statusCode, 409);
  assert.equal((await retry('nobody')).statusCode, 404);
});

const VERBS: readonly [verb: string, state: Job['state'], status: number][] = [
  ['retry', 'cancelled', 409],
  ['approve', 'held', 202],
  ['approve', 'queued', 409],
  ['cancel', 'waiting', 202],
  ['cancel', 'running', 202],
  ['cancel', 'done', 409],
];
for (const [verb, state, status] of VERBS) {
  test(`${verb} of a job that is ${state} is answered ${status}`, async () => {
    const id = `${verb}-${state}`;
    scene.jobs.push({ ...JOB, id, state });
    const ask = (token: string, job = id) =>
      scene.app.inject({ method: 'POST', url: `/jobs/${job}/${verb}`, headers: bearer(token) });
    const answer = await ask('operator-canary-token');
    assert.equal(answer.statusCode, status, answer.body);
    assert.equal((await ask('operator-canary-token', 'nobody')).statusCode, 404);
    assert.equal((await ask('webhook-canary-now')).statusCode, 401);
  });
}

test('a job is shown with its history, repeats on one line', async () => {
  const { history } = (await get('/jobs/j1', 'operator-canary-token')).json();
  assert.deepEqual(history[0], { at: '1970-01-01T00:00:01.000Z', event: 'accepted' });
  assert.deepEqual(history[1], {
    at: '1970-01-01T00:00:01.500Z',
    event: 'waiting',
    code: 'exchange.throttled',
    message: 'slow down',
    until: '1970-01-01T00:00:02.000Z',
    times: 672,
    lastAt: '1970-01-01T00:00:01.900Z',
  });
  const { body } = await get('/jobs/j1/report', 'operator-canary-token');
  assert.match(
    body,
    /History\n {2}1970-01-01T00:00:01.000Z accepted\n {2}.* waiting, until .*, 672 times/,
  );
});

test('the jobs of one person are listed, however the address is written', async () => {
  const list = await get('/jobs?person=Lee@Example.org&limit=5', 'operator-canary-token');
  assert.equal(list.statusCode, 200, list.body);
  assert.ok(list.json().jobs.length > 0);
  assert.equal((await get('/jobs?person=max', 'operator-canary-token')).json().jobs.length, 0);
});

test('the service is paused and resumed, with a reason', async () => {
  const post = (url: string, payload?: object) =>
    scene.app.inject({
      method: 'POST',
      url,
      headers: bearer('operator-canary-token'),
      ...(payload === undefined ? {} : { payload }),
    });
  const paused = { paused: true, since: '1970-01-01T00:00:05.000Z' };
  assert.deepEqual((await post('/pause', { reason: 'a move' })).json(), {
    ...paused,
    reason: 'a move',
  });
  assert.deepEqual((await get('/pause', 'operator-canary-token')).json(), {
    ...paused,
    reason: 'a move',
  });
  assert.deepEqual((await post('/resume')).json(), { paused: false });
  assert.deepEqual((await post('/pause')).json(), paused);
  await post('/resume');
  assert.equal((await post('/pause', { because: 'x' })).statusCode, 400);
  assert.equal((await get('/pause', 'poll-canary-token')).statusCode, 401);
});

test('a copy of the queue is made for the operator only', async () => {
  const post = (token: string) =>
    scene.app.inject({ method: 'POST', url: '/backup', headers: bearer(token) });
  assert.deepEqual((await post('operator-canary-token')).json(), {
    file: '/data/backups/jobs.db',
    bytes: 4_096,
  });
  assert.equal((await post('webhook-canary-now')).statusCode, 401);
});

const REFUSED: readonly [string, number, string?][] = [
  ['/jobs', 401],
  ['/jobs', 401, 'webhook-canary-now'],
  ['/jobs/none', 404, 'operator-canary-token'],
  ['/jobs?limit=0', 400, 'operator-canary-token'],
  ['/jobs?limit=201', 400, 'operator-canary-token'],
  ['/jobs?state=asleep', 400, 'operator-canary-token'],
  ['/jobs?colour=blue', 400, 'operator-canary-token'],
  ['/nowhere', 404],
  ['/webhooks/trelica', 405],
  ['/poll', 405],
  ['/%zz', 400],
];
for (const [url, status, token] of REFUSED) {
  test(`GET ${url} with ${token ?? 'no token'} is a problem with status ${status}`, async () => {
    const answer = await get(url, token);
    assert.equal(answer.statusCode, status, answer.body);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    assert.equal(answer.json().status, status);
  });
}

test('a method that is not allowed names those that are', async () => {
  assert.equal((await get('/poll')).headers.allow, 'POST');
});

test('livez needs nothing, readyz names what is not ready', async () => {
  assert.equal((await get('/livez')).statusCode, 200);
  assert.equal((await get('/readyz')).statusCode, 200);
  scene.ready = [{ name: 'exchange', ready: false, reason: 'AADSTS700027' }];
  const answer = await get('/readyz');
  assert.equal(answer.statusCode, 503);
  assert.deepEqual(answer.json(), { ready: false, parts: scene.ready });
});

async function raw(bytes: string): Promise<string> {
  const { port } = scene.app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

test('what the HTTP parser refuses is answered with a problem too', async () => {
  const answer = await raw('NONSENSE\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /application\/problem\+json/);
});

test('a header that is too large is answered 431', async () => {
  const answer = await raw(`GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 431 /);
});

test('too many requests are answered 429 as a problem with a time to come back', async () => {
  const limited = await openScene(2);
  const ask = () => limited.app.inject({ url: '/jobs' });
  await ask();
  await ask();
  const answer = await ask();
  assert.equal(answer.statusCode, 429, answer.body);
  assert.equal(answer.json().code, 'http.too-many-requests');
  assert.ok(Number(answer.headers['retry-after']) > 0);
  await limited.app.close();
});

test('the front is not built without a token for every audience', () => {
  assert.throws(() => createGuards({ webhook: [], poll: ['p'], operator: ['o'] }), {
    code: 'config.invalid',
  });
  assert.throws(() => createGuards({ webhook: [''], poll: ['p'], operator: ['o'] }), {
    code: 'config.invalid',
  });
});

test('the report of a job is a text', async () => {
  const answer = await get('/jobs/j1/report', 'operator-canary-token');
  assert.equal(answer.statusCode, 200, answer.body);
  assert.match(answer.headers['content-type'] ?? '', /^text\/plain/);
  assert.match(
    answer.body,
    /^Job {12} {1}j1, waiting\nReason {9} {1}slow down \(exchange\.throttled\)/,
  );
  assert.equal((await get('/jobs/nobody/report', 'operator-canary-token')).statusCode, 404);
});

test('an undo is a job of its own', async () => {
  const undo = (id: string) =>
    scene.app.inject({
      method: 'POST',
      url: `/jobs/${id}/undo`,
      headers: bearer('operator-canary-token'),
    });
  const answer = await undo('j1');
  assert.equal(answer.statusCode, 202, answer.body);
  assert.equal(answer.headers.location, '/jobs/undo-1');
  assert.equal((await undo('nobody')).statusCode, 404);
});

const PLANS: readonly [object, number][] = [
  [{ workflow: 'Person leaves', email: 'Lee@Example.org' }, 200],
  [{ workflow: 'Person leaves', email: 'lee@example.org', manager: 'max@example.org' }, 200],
  [{ workflowId: '60aa10bb20cc30dd40ee50ff', runId: 'r1' }, 200],
  [{ workflow: 'Somebody joins', email: 'lee@example.org' }, 422],
  [{ workflow: 'Person leaves', email: 'Lee' }, 400],
  [{ workflow: 'Person leaves', email: 'lee@example.org', manager: '*' }, 400],
  [{ workflow: 'Person leaves' }, 400],
];
for (const [payload, status] of PLANS) {
  test(`a plan for ${JSON.stringify(payload)} is answered ${status}`, async () => {
    const headers = bearer('operator-canary-token');
    const answer = await scene.app.inject({ method: 'POST', url: '/plans', headers, payload });
    assert.equal(answer.statusCode, status, answer.body);
  });
}

test('a plan is the operator’s business only', async () => {
  const headers = bearer('webhook-canary-now');
  const payload = { workflow: 'Person leaves', email: 'lee@example.org' };
  const answer = await scene.app.inject({ method: 'POST', url: '/plans', headers, payload });
  assert.equal(answer.statusCode, 401);
});
