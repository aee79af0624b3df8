import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { ServiceError } from '../../src/errors.ts';
import {
  always,
  forbiddenServer,
  html,
  type Scene,
  type Script,
  scene,
} from '../support/scripted-trelica.ts';

const shape = z.object({ answer: z.number() });

function ask({ client }: Scene): Promise<unknown> {
  return client.get(client.endpoints.workflows({ filter: 'name eq "a+b c"' }), shape);
}

async function faultOf(here: Scene): Promise<ServiceError> {
  const error = await ask(here).then(
    () => assert.fail('no error'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ServiceError);
  return error;
}

test('a query arrives as it was meant', async (t) => {
  const here = await scene(t);
  here.trelica.api = always(200, { answer: 1 });
  assert.deepEqual(await ask(here), { answer: 1 });
  assert.equal(here.trelica.apiRequests[0]?.query.get('filter'), 'name eq "a+b c"');
});

test('a base URL with a path keeps it, and follows links below it', async (t) => {
  const here = await scene(t);
  const prefixed = await scene(t, { baseUrl: new URL(`${here.trelica.origin}/trelica/`) });
  const { endpoints } = prefixed.client;
  assert.equal(endpoints.token.pathname, '/trelica/connect/token');
  assert.equal(endpoints.run('w', 'r').pathname, '/trelica/api/workflows/v1/w/runs/r');
  assert.equal(endpoints.follow('/trelica/api/x?y=1')?.pathname, '/trelica/api/x');
});

for (const id of [
  '..',
  '.',
  '%2e',
  '%2e%2e',
  'a/b',
  'a\\b',
  'a?b',
  'a#b',
  'a b',
  '',
  'ä',
  'x'.repeat(65),
]) {
  test(`an id ${JSON.stringify(id.slice(0, 8))} never becomes part of a path`, async (t) => {
    const { client, runs, trelica } = await scene(t);
    const refused = { code: 'trelica.request-refused' };
    assert.throws(() => client.endpoints.runs(id, {}), refused);
    assert.throws(() => client.endpoints.run('w', id), refused);
    assert.throws(() => client.endpoints.signal('w', 'r', id, 'Continue'), refused);
    await assert.rejects(runs.read('w', id, 'Signal'), refused);
    assert.deepEqual(trelica.seen, []);
  });
}

test('the name of an action is encoded, and refused where encoding does not help', async (t) => {
  const { endpoints } = (await scene(t)).client;
  const url = endpoints.signal('w', 'r', 's', 'Yes/No? 100% #1 ../ ü');
  const path =
    '/api/workflows/v1/w/runs/r/firedSignals/s/Yes%2FNo%3F%20100%25%20%231%20..%2F%20%C3%BC';
  assert.equal(url.href, `${endpoints.token.origin}${path}`);
  for (const name of ['', '.', '..', '\ud800']) {
    assert.throws(() => endpoints.signal('w', 'r', 's', name), { code: 'trelica.request-refused' });
  }
});

test('links stay on the origin of the base URL', async (t) => {
  const { endpoints } = (await scene(t, { baseUrl: new URL('https://eu.trelica.com') })).client;
  const follow = (link: string) => endpoints.follow(link)?.href;
  assert.equal(
    follow('https://eu.trelica.com/api/x?after=1'),
    'https://eu.trelica.com/api/x?after=1',
  );
  assert.equal(follow('/api/x'), 'https://eu.trelica.com/api/x');
  // The region's other name: its path, but never its host.
  assert.equal(follow('https://trelica.eu/api/x?after=1'), 'https://eu.trelica.com/api/x?after=1');
  assert.equal(
    follow('https://u:p@eu.trelica.com//evil.example/x')?.startsWith('https://eu.trelica.com//'),
    true,
  );
  for (const link of [
    'https://evil.example/api/x',
    '//evil.example/api/x',
    'http://eu.trelica.com/api/x',
    'http://trelica.eu/api/x',
    'https://trelica.app/api/x',
    'https://eu.trelica.com:8443/api/x',
    'https://eu.trelica.com.evil.example/',
    'https://eu.trelica.com@evil.example/',
    'javascript:alert(1)',
    'data:application/json,{}',
    'https://[',
  ]) {
    assert.equal(follow(link), undefined, link);
  }
});

test('a redirect is a fault and not followed', async (t) => {
  const here = await scene(t);
  const foreign = await forbiddenServer(t);
  for (const status of [301, 302, 303, 307, 308]) {
    here.trelica.api = always(status, {}, { location: `${foreign.origin}/api/workflows/v1` });
    assert.equal((await faultOf(here)).code, 'trelica.answer-foreign');
  }
});

const traceId = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

for (const [status, code] of [
  [400, 'trelica.request-refused'],
  [403, 'trelica.forbidden'],
  [404, 'trelica.request-refused'],
  [408, 'trelica.server-error'],
  [409, 'trelica.request-refused'],
  [429, 'trelica.throttled'],
  [500, 'trelica.server-error'],
  [502, 'trelica.server-error'],
  [503, 'trelica.server-error'],
] as const) {
  test(`${status} where nobody expects it is ${code}, with its trace id`, async (t) => {
    const here = await scene(t);
    for (const body of [
      { title: 'No', traceId },
      { title: 'No', extensions: { traceId } },
    ]) {
      here.trelica.api = always(status, body);
      const fault = await faultOf(here);
      assert.equal(fault.code, code);
      assert.equal(fault.facts['traceId'], traceId);
      assert.equal(fault.facts['status'], status);
      assert.equal(fault.facts['excerpt'], 'No');
      assert.equal(fault.facts['path'], '/api/workflows/v1');
    }
  });
}

test('a forbidden request names the scope it needs', async (t) => {
  const here = await scene(t);
  const { client } = here;
  const { endpoints } = client;
  here.trelica.api = always(403, {});
  for (const [request, scope] of [
    [() => client.get(endpoints.workflows({}), shape), 'Workflows.Read'],
    [() => client.get(endpoints.runs('w', {}), shape), 'Workflows.Runs.Read'],
    [() => client.post(endpoints.signal('w', 'r', 's', 'Go'), []), 'Workflows.Runs.Execute'],
  ] as const) {
    await assert.rejects(request, (error: unknown) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.facts['scope'], scope);
      return error.message.includes(scope);
    });
  }
});

test('a wait that Trelica asks for is passed on', async (t) => {
  const here = await scene(t);
  for (const status of [429, 503]) {
    here.trelica.api = always(status, {}, { 'retry-after': '12' });
    assert.equal((await faultOf(here)).retryAfterMs, 12_000);
    here.trelica.api = always(status, {}, { 'retry-after': 'soon' });
    assert.equal((await faultOf(here)).retryAfterMs, undefined);
  }
});

const FOREIGN_ANSWERS: readonly (readonly [string, Script])[] = [
  ['HTML', html(200, '<html><script>x()</script><p>Please\u0000\n <b>sign in</b></p></html>')],
  ['JSON that says it is HTML', html(200, '{"answer":1}')],
  ['no body', (_seen, response) => response.writeHead(204).end()],
];

for (const [what, script] of FOREIGN_ANSWERS) {
  test(`${what} is no answer of the API`, async (t) => {
    const here = await scene(t);
    here.trelica.api = script;
    assert.equal((await faultOf(here)).code, 'trelica.answer-foreign');
  });
}

const WRONG_ANSWERS: readonly (readonly [string, Script])[] = [
  [
    'broken JSON',
    (_seen, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"answer":');
    },
  ],
  ['another shape', always(200, { answer: 'one' })],
  ['null', always(200, null)],
  [
    'an endless body',
    (_seen, response) => {
      response.setHeader('content-type', 'application/json');
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(1_000_000))) {}
      };
      response.on('drain', more);
      more();
    },
  ],
  [
    'a large body made of little',
    (_seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(Buffer.alloc(11 * 1024 * 1024, ' ')));
    },
  ],
];

for (const [what, script] of WRONG_ANSWERS) {
  test(`${what} is an invalid answer`, async (t) => {
    const here = await scene(t);
    here.trelica.api = script;
    assert.equal((await faultOf(here)).code, 'trelica.answer-invalid');
  });
}

test('what an HTML page says is kept as one short line', async (t) => {
  const here = await scene(t);
  here.trelica.api = html(
    200,
    `<script>x()</script><p>Please\u0007\n <b>sign in</b></p>${'very '.repeat(99)}`,
  );
  const excerpt = String((await faultOf(here)).facts['excerpt']);
  assert.match(excerpt, /^Please sign in very very/);
  assert.ok(excerpt.length <= 201);
});

const LOST_ANSWERS: readonly (readonly [string, Script])[] = [
  ['a reset before the answer', (_seen, response) => response.destroy()],
  [
    'a reset within the body',
    (_seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99' });
      response.write('{"answer":', () => response.destroy());
    },
  ],
  [
    'garbage instead of HTTP',
    (_seen, response) => {
      response.socket?.end('canary-token-1 is not HTTP\r\n\r\n');
    },
  ],
  ['an answer that never comes', () => {}],
  [
    'a body that never ends',
    (_seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"answer":');
    },
  ],
  [
    'a body that trickles',
    (_seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    },
  ],
];

for (const [what, script] of LOST_ANSWERS) {
  test(`${what} means that Trelica is unreachable`, async (t) => {
    const here = await scene(t, { requestTimeoutMs: 300 });
    await here.client.get(here.client.endpoints.workflows({}), z.unknown());
    here.trelica.api = script;
    const fault = await faultOf(here);
    assert.equal(fault.code, 'trelica.unreachable');
    assert.equal(fault.cause, undefined);
    assert.equal(typeof fault.facts['reason'], 'string');
  });
}

test('a reset after a whole body takes nothing from it', async (t) => {
  const here = await scene(t);
  here.trelica.api = (_seen, response) => {
    const body = '{"answer":1}';
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body, () => response.socket?.destroy());
  };
  assert.deepEqual(await ask(here), { answer: 1 });
});

test('nobody listening means that Trelica is unreachable, and says why', async (t) => {
  const here = await scene(t);
  await here.trelica.stop();
  const fault = await faultOf(here);
  assert.equal(fault.code, 'trelica.unreachable');
  assert.equal(fault.facts['reason'], 'ECONNREFUSED');
});

test('a token that happens to be a common word does not change the data', async (t) => {
  const here = await scene(t);
  here.trelica.token = always(200, { access_token: 'answer', token_type: 'Bearer' });
  here.trelica.api = always(200, { answer: 1 });
  assert.deepEqual(await ask(here), { answer: 1 });
});
