import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { type RunningTrelica, startTrelica } from '../../src/sandbox/trelica/start-trelica.ts';
import { eventually } from '../support/eventually.ts';

const PEOPLE = [
  {
    name: 'Lee Leaver',
    email: 'lee@example.org',
    lineManager: { name: 'Max', email: 'max@example.org' },
  },
  { name: 'Nora Nobody', email: 'nora@example.org' },
];

let trelica: RunningTrelica;
let api: string;
before(async () => {
  trelica = await startTrelica({ people: PEOPLE, seed: 7 });
  api = `${trelica.baseUrl}/api/workflows/v1`;
});
after(() => trelica.close());

function token(credentials = `${trelica.clientId}:${trelica.clientSecret}`, form = {}) {
  return fetch(`${trelica.baseUrl}/connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
  });
}

async function call(path: string, method = 'GET', form = {}): Promise<Response> {
  const answer = (await (await token(undefined, form)).json()) as { access_token: string };
  const headers = { authorization: `Bearer ${answer.access_token}` };
  return fetch(path.startsWith('http') ? path : `${api}${path}`, { method, headers });
}

test('a token is given for the client’s id and secret by Basic, and for nothing else', async () => {
  const good = (await (await token()).json()) as { expires_in: number; token_type: string };
  assert.deepEqual([good.expires_in, good.token_type], [3_600, 'Bearer']);
  const refusals: readonly [Promise<Response>, string][] = [
    [token(`${trelica.clientId}:wrong`), 'invalid_client'],
    [token(undefined, { scope: 'Everything' }), 'invalid_scope'],
    [token(undefined, { grant_type: 'password' }), 'unsupported_grant_type'],
  ];
  for (const [answering, error] of refusals) {
    const answer = await answering;
    assert.equal(answer.status, 400);
    assert.deepEqual(await answer.json(), { error });
  }
});

test('without a valid token the answer is 401 with the reason, without the scope 403', async () => {
  const answer = await fetch(api, { headers: { authorization: 'Bearer nonsense' } });
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
  assert.equal((await call('', 'GET', { scope: 'Workflows.Runs.Read' })).status, 403);
});

test('a run waits at the Signal step, and one action takes it on', async () => {
  const { workflowId, runId } = await trelica.startRun('lee@example.org');
  const path = `/${workflowId}/runs/${runId}`;
  const run = (await (await call(path)).json()) as {
    status: string;
    context: { person: { lineManager?: { email: string } } };
    steps: { customName?: string; status: string; waiting?: { actions: { href: string }[] } }[];
  };
  assert.equal(run.status, 'Waiting');
  assert.equal(run.context.person.lineManager?.email, 'max@example.org');
  const step = run.steps.at(-1);
  assert.equal(step?.customName, 'Exchange Online');
  const href = step?.waiting?.actions[0]?.href ?? '';
  assert.equal((await call(href.replace(/Continue$/, 'Nonsense'), 'POST')).status, 400);
  const fired = await call(href, 'POST');
  assert.deepEqual([fired.status, await fired.text()], [200, '']);
  assert.equal((await call(href, 'POST')).status, 409);
  assert.equal(trelica.runs().find(({ id }) => id === runId)?.status, 'Completed');
});

test('what is not there is 404 as a problem with a trace id', async () => {
  const answer = await call(`/${trelica.workflow.id}/runs/ffffffffffffffffffffffff`);
  assert.equal(answer.status, 404);
  const problem = (await answer.json()) as { traceId: string };
  assert.match(problem.traceId, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.equal((await call('/ffff/runs')).status, 404);
});

test('runs come in pages until there is no next, and a broken filter is 400', async () => {
  for (const _round of [1, 2, 3]) {
    await trelica.startRun('nora@example.org');
  }
  const seen: string[] = [];
  let next: string | undefined = `/${trelica.workflow.id}/runs?limit=2`;
  while (next !== undefined) {
    const answer = await call(next);
    const page = (await answer.json()) as { next?: string; results: { id: string }[] };
    assert.equal(answer.headers.has('link'), page.next !== undefined);
    seen.push(...page.results.map(({ id }) => id));
    next = page.next;
  }
  assert.equal(seen.length, trelica.runs().length);
  assert.equal((await call(`/${trelica.workflow.id}/runs?filter=status`)).status, 400);
  assert.equal((await call(`/${trelica.workflow.id}/runs?limit=0`)).status, 400);
});

let receiver: Server | undefined;
afterEach(() => {
  receiver?.closeAllConnections();
  receiver?.close();
  receiver = undefined;
  trelica.setWebhook(undefined);
});

async function receive(answer: (release: (status: number) => void, body: string) => void) {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.on('end', () =>
      answer((status) => response.writeHead(status).end('{"jobId":"j1"}'), body),
    );
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  trelica.setWebhook({ url: `http://127.0.0.1:${port}/`, token: 't', body: 'ids' });
}

test('the run comes to the Signal step only after the webhook was answered', async () => {
  const asked = Promise.withResolvers<{ release: (status: number) => void; body: string }>();
  await receive((release, body) => asked.resolve({ release, body }));
  const { workflowId, runId } = await trelica.startRun('lee@example.org');
  const run = () => trelica.runs().find(({ id }) => id === runId);
  const { release, body } = await asked.promise;
  assert.deepEqual(JSON.parse(body), { workflowId, runId });
  assert.deepEqual(
    run()?.steps.map(({ status }) => status),
    ['Running'],
  );
  release(202);
  await eventually('the run waits', () => run()?.status === 'Waiting');
  assert.deepEqual(run()?.fields, { jobId: 'j1' });
});

test('a webhook that is refused fails the step, and the run never waits', async () => {
  await receive((release) => release(500));
  const { runId } = await trelica.startRun('lee@example.org');
  const run = () => trelica.runs().find(({ id }) => id === runId);
  await eventually('the step failed', () => run()?.status === 'Failed');
  assert.deepEqual(
    run()?.steps.map(({ status }) => status),
    ['Failed'],
  );
});

test('an ordered reset after the effect takes effect and gives no answer', async () => {
  const { workflowId, runId } = await trelica.startRun('lee@example.org');
  const run = trelica.runs().find(({ id }) => id === runId);
  const stepId = run?.steps.at(-1)?.id ?? '';
  trelica.order({ target: 'fire', kind: 'reset-after-effect' });
  await assert.rejects(
    call(`/${workflowId}/runs/${runId}/firedSignals/${stepId}/Continue`, 'POST'),
  );
  assert.equal(run?.status, 'Completed');
});

test('the same seed gives the same ids', async () => {
  const other = await startTrelica({ people: PEOPLE, seed: 7 });
  assert.deepEqual(other.workflow, trelica.workflow);
  assert.notEqual(other.clientSecret, trelica.clientSecret);
  await other.close();
});
