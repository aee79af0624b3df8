import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createSweep } from '../../src/trelica/sweep.ts';
import { CLIENT_ID, CLIENT_SECRET, type Script, scene } from '../support/scripted-trelica.ts';

const BASIC = Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64');
const CANARIES = [CLIENT_SECRET, BASIC, 'canary-token', 'canary-other'];

/** Everything an error could show to anybody: all members, hidden ones too, down the chain of causes. */
function allOf(error: unknown): string {
  const shown = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error)];
  for (let one = error; one instanceof Error; one = one.cause) {
    shown.push(one.message, String(one.stack), JSON.stringify({ ...one }));
  }
  return shown.join('\n');
}

/** Says back whatever it was sent, as some proxies do. */
function echo(
  status: number,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return ({ authorization, body }, response) => {
    const [, sent = ''] = authorization.split(' ');
    const plain = Buffer.from(sent, 'base64').toString();
    const words = `${authorization} ${plain} ${body}`;
    response.writeHead(status, { 'content-type': type, ...headers });
    const members = {
      error: words,
      error_description: words,
      title: words,
      detail: words,
      traceId: words,
      access_token: 'canary-other',
      token_type: words,
    };
    response.end(type === 'application/json' ? JSON.stringify(members) : `<p>${words}</p>`);
  };
}

const rude: Script = ({ authorization }, response) => {
  response.socket?.end(`HTTP/1.1 200 OK\r\nbad header ${authorization} canary-other\r\n\r\n`);
};
const cut: Script = ({ authorization }, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9999' });
  response.write(`{"access_token":"canary-other","x":"${authorization}"`, () => response.destroy());
};
const notJson: Script = ({ authorization }, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`{"access_token":"canary-other" ${authorization}`);
};
const oddToken: Script = (_seen, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ access_token: 'canary-other\r\nx: y', token_type: 'Bearer' }));
};

const WEATHER: readonly (readonly [string, Script])[] = [
  ...[200, 400, 401, 403, 404, 409, 418, 429, 500, 503].flatMap((status) => [
    [`${status} JSON that repeats the request`, echo(status, 'application/json')] as const,
    [`${status} HTML that repeats the request`, echo(status, 'text/html')] as const,
  ]),
  [
    'a challenge',
    echo(401, 'application/json', { 'www-authenticate': 'Basic realm="canary-other"' }),
  ],
  ['a redirect', echo(302, 'text/html', { location: 'https://evil.example/?canary-other' })],
  ['a broken header', rude],
  ['a cut body', cut],
  ['broken JSON', notJson],
  ['a token no header can hold', oddToken],
];

for (const [what, script] of WEATHER) {
  for (const where of ['token', 'api'] as const) {
    test(`${what} from the ${where} endpoint shows no secret in errors or log`, async (t) => {
      const here = await scene(t, { requestTimeoutMs: 2_000 });
      here.trelica[where] = script;
      const attempts = [
        () => here.runs.read('w', 'r', 'Signal'),
        () => here.runs.fire({} as never, { name: 'Continue', path: '/x' }),
      ];
      for (const attempt of attempts) {
        here.clock.now += 1_000;
        const error = await attempt().catch((reason: unknown) => reason);
        here.log.error({ err: error }, 'failed');
        for (const canary of CANARIES) {
          assert.ok(!allOf(error).includes(canary), `${canary} in ${allOf(error)}`);
        }
      }
      const sweep = createSweep({
        ...here,
        policies: [{ workflow: 'Leaver mail', step: 'Signal' }],
        intake: { accept: () => assert.fail('nothing to accept') },
      });
      here.clock.now += 1_000;
      const report = JSON.stringify(await sweep());
      for (const canary of CANARIES) {
        assert.ok(!report.includes(canary));
        assert.ok(!here.logged.join('').includes(canary));
      }
    });
  }
}
