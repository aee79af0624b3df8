import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import {
  always,
  answerJson,
  CLIENT_ID,
  CLIENT_SECRET,
  forbiddenServer,
  html,
  inTurn,
  type Scene,
  type Script,
  scene,
} from '../support/scripted-trelica.ts';

const anything = z.unknown();

function ask({ client }: Scene): Promise<unknown> {
  return client.get(client.endpoints.workflows({}), anything);
}

function tokenOf(lifetime: object): Script {
  return always(200, { access_token: 'a-token', token_type: 'Bearer', ...lifetime });
}

/** The API refuses every token but this one. */
function accepting(token: string): Script {
  return ({ authorization }, response) => {
    const isGood = authorization === `Bearer ${token}`;
    answerJson(response, isGood ? 200 : 401, {}, isGood ? {} : { 'www-authenticate': 'Bearer' });
  };
}

test('credentials go as plain HTTP Basic, and no part of them anywhere else', async (t) => {
  const here = await scene(t);
  await ask(here);
  const [request] = here.trelica.tokenRequests;
  const expected = Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64');
  assert.equal(request?.authorization, `Basic ${expected}`);
  assert.equal(request?.body, 'grant_type=client_credentials');
  assert.equal(here.trelica.apiRequests[0]?.authorization, 'Bearer canary-token-1');
});

test('fifty requests at once ask for one token', async (t) => {
  const here = await scene(t);
  await Promise.all(Array.from({ length: 50 }, () => ask(here)));
  assert.equal(here.trelica.tokenRequests.length, 1);
  assert.equal(here.trelica.apiRequests.length, 50);
});

test('a token is renewed a minute before it expires, not earlier', async (t) => {
  const here = await scene(t);
  await ask(here);
  here.clock.now = 3_600_000 - 60_001;
  await ask(here);
  assert.equal(here.trelica.tokenRequests.length, 1);
  here.clock.now += 1;
  await ask(here);
  assert.equal(here.trelica.tokenRequests.length, 2);
});

for (const [what, lifetime, kept] of [
  ['of half a minute is used for half of that', { expires_in: 30 }, 15_000],
  ['without a lifetime is used for four minutes', {}, 240_000],
] as const) {
  test(`a token ${what}`, async (t) => {
    const here = await scene(t);
    here.trelica.token = tokenOf(lifetime);
    await ask(here);
    here.clock.now = kept - 1;
    await ask(here);
    assert.equal(here.trelica.tokenRequests.length, 1);
    here.clock.now = kept;
    await ask(here);
    assert.equal(here.trelica.tokenRequests.length, 2);
  });
}

test('a token revoked early is replaced once and the request repeated', async (t) => {
  const here = await scene(t);
  await ask(here);
  here.trelica.api = accepting('canary-token-2');
  await ask(here);
  assert.equal(here.trelica.tokenRequests.length, 2);
  assert.equal(here.trelica.apiRequests.length, 3);
});

test('fifty requests with a revoked token ask for one new token', async (t) => {
  const here = await scene(t);
  await ask(here);
  here.trelica.api = accepting('canary-token-2');
  await Promise.all(Array.from({ length: 50 }, () => ask(here)));
  assert.equal(here.trelica.tokenRequests.length, 2);
});

test('a new token that is refused too is an error, not a loop', async (t) => {
  const here = await scene(t);
  here.trelica.api = always(401, {});
  await assert.rejects(ask(here), { code: 'trelica.credentials-refused' });
  assert.equal(here.trelica.apiRequests.length, 2);
  assert.equal(here.trelica.tokenRequests.length, 2);
});

test('a signal refused for its token is sent once more', async (t) => {
  const here = await scene(t);
  here.trelica.api = accepting('canary-token-2');
  const { client } = here;
  assert.equal(await client.post(client.endpoints.signal('w', 'r', 's', 'Continue'), []), 200);
});

const reset: Script = (_seen, response) => response.destroy();
const cutOff: Script = (_seen, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"access_token":', () => response.destroy());
};

const FAILURES: readonly (readonly [string, Script, string])[] = [
  ['400 invalid_client', always(400, { error: 'invalid_client' }), 'trelica.credentials-refused'],
  ['400 invalid_scope', always(400, { error: 'invalid_scope' }), 'trelica.credentials-refused'],
  ['401 invalid_client', always(401, { error: 'invalid_client' }), 'trelica.credentials-refused'],
  [
    '401 with a challenge',
    always(401, {}, { 'www-authenticate': 'Basic realm="x"' }),
    'trelica.credentials-refused',
  ],
  ['401 HTML', html(401, '<h1>who?</h1>'), 'trelica.credentials-refused'],
  ['400 HTML', html(400, '<h1>what?</h1>'), 'trelica.answer-foreign'],
  ['500', always(500, { type: 'Exception', message: 'boom' }), 'trelica.server-error'],
  ['503 HTML', html(503, '<h1>down</h1>'), 'trelica.server-error'],
  ['429', always(429, {}, { 'retry-after': '7' }), 'trelica.throttled'],
  ['HTML', html(200, '<h1>Sign in</h1>'), 'trelica.answer-foreign'],
  ['404', html(404, 'nothing here'), 'trelica.answer-foreign'],
  ['no token in JSON', always(200, { token_type: 'Bearer' }), 'trelica.answer-invalid'],
  ['a list', always(200, []), 'trelica.answer-invalid'],
  ['another kind of token', tokenOf({ token_type: 'MAC' }), 'trelica.answer-invalid'],
  ['a token with a line break', tokenOf({ access_token: 'a\nb' }), 'trelica.answer-invalid'],
  ['a negative lifetime', tokenOf({ expires_in: -1 }), 'trelica.answer-invalid'],
  ['a reset', reset, 'trelica.unreachable'],
  ['a reset within the body', cutOff, 'trelica.unreachable'],
];

for (const [what, script, code] of FAILURES) {
  test(`${what} for a token is ${code}`, async (t) => {
    const here = await scene(t);
    here.trelica.token = script;
    await assert.rejects(ask(here), { code });
    assert.deepEqual(here.trelica.apiRequests, []);
  });
}

test('a token endpoint that never answers is unreachable after the deadline', async (t) => {
  const here = await scene(t, { requestTimeoutMs: 100 });
  here.trelica.token = () => {};
  await assert.rejects(ask(here), { code: 'trelica.unreachable' });
});

test('a token endpoint that redirects is not followed', async (t) => {
  const here = await scene(t);
  const foreign = await forbiddenServer(t);
  here.trelica.token = always(307, {}, { location: `${foreign.origin}/connect/token` });
  await assert.rejects(ask(here), { code: 'trelica.answer-foreign' });
});

test('a failure is shared for a moment and then forgotten', async (t) => {
  const here = await scene(t);
  here.trelica.token = inTurn(always(500, {}), here.trelica.token);
  await assert.rejects(ask(here), { code: 'trelica.server-error' });
  await assert.rejects(ask(here), { code: 'trelica.server-error' });
  assert.equal(here.trelica.tokenRequests.length, 1);
  here.clock.now = 250;
  await ask(here);
  assert.equal(here.trelica.tokenRequests.length, 2);
});

test('a wait that the token endpoint asks for is kept, but not for more than a minute', async (t) => {
  const here = await scene(t);
  here.trelica.token = inTurn(always(429, {}, { 'retry-after': '86400' }), here.trelica.token);
  await assert.rejects(ask(here), { code: 'trelica.throttled', retryAfterMs: 3_600_000 });
  here.clock.now = 59_999;
  await assert.rejects(ask(here), { code: 'trelica.throttled' });
  here.clock.now = 60_000;
  await ask(here);
});

test('plain HTTP is refused, unless to this machine and allowed', async (t: TestContext) => {
  const refused = { code: 'config.invalid' };
  await assert.rejects(scene(t, { baseUrl: new URL('http://trelica.example') }), refused);
  await assert.rejects(scene(t, { allowHttpToLoopback: false }), refused);
  await assert.rejects(scene(t, { baseUrl: new URL('https://u:p@trelica.example') }), refused);
});
