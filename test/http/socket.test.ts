import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { bearer, openScene, type Scene, WORKFLOW } from './scene.ts';

let scene: Scene;
let sockets: Socket[];
beforeEach(async () => {
  sockets = [];
  scene = await openScene();
  await scene.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  for (const socket of sockets) {
    socket.destroy();
  }
  await scene.app.close();
});

/** A connection that keeps what it hears. */
class Line {
  heard = '';
  readonly socket: Socket;
  readonly closed: Promise<unknown>;

  constructor() {
    const { port } = scene.app.server.address() as AddressInfo;
    this.socket = connect(port, '127.0.0.1');
    this.closed = once(this.socket, 'close');
    sockets.push(this.socket);
    this.socket.on('data', (data) => {
      this.heard += data;
    });
  }

  /** The status codes heard so far, in order. */
  get statuses(): string[] {
    return [...this.heard.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status);
  }

  async hears(count: number): Promise<string[]> {
    await eventually(`${count} answers`, () => this.statuses.length >= count);
    return this.statuses;
  }
}

const BODY = JSON.stringify({ workflowId: WORKFLOW.id, runId: 'r1' });
const head = (length: string, token = 'webhook-canary-now') =>
  `POST /webhooks/trelica HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
  `Content-Type: application/json\r\n${length}\r\n\r\n`;
const WEBHOOK = head(`Content-Length: ${BODY.length}`) + BODY;

test('requests sent in one go are answered in their order, each for itself', async () => {
  const line = new Line();
  const wrong = head(`Content-Length: ${BODY.length}`, 'webhook-canary-wrong') + BODY;
  line.socket.write(WEBHOOK + wrong + WEBHOOK);
  assert.deepEqual(await line.hears(3), ['202', '401', '202']);
  assert.equal(scene.accepted.length, 2);
});

test('a body in chunks is stopped at the limit too', async () => {
  const line = new Line();
  line.socket.write(head('Transfer-Encoding: chunked'));
  line.socket.write(`11000\r\n${'x'.repeat(0x11000)}\r\n0\r\n\r\n`);
  assert.deepEqual(await line.hears(1), ['413']);
  assert.match(line.heard, /application\/problem\+json/);
  assert.deepEqual(scene.accepted, []);
});

test('without a token the answer comes before the body does', async () => {
  const line = new Line();
  line.socket.write(head('Content-Length: 60000', 'webhook-canary-wrong'));
  assert.deepEqual(await line.hears(1), ['401']);
});

const SMUGGLED: readonly [string, string][] = [
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 3'],
  ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked'],
  ['a negative length', 'Content-Length: -1'],
  ['a folded header', 'X: a\r\n b'],
];
for (const [name, lines] of SMUGGLED) {
  test(`a request with ${name} is refused with a problem and the connection closed`, async () => {
    const line = new Line();
    line.socket.write(`${head(lines)}{}`);
    await line.closed;
    assert.deepEqual(line.statuses, ['400']);
    assert.match(line.heard, /application\/problem\+json/);
    assert.deepEqual(scene.accepted, []);
  });
}

test('a request that ends while the server closes is answered 503 and the connection closed', async () => {
  const line = new Line();
  line.socket.write('GET /livez HTTP/1.1\r\nHost');
  await eventually('the connection is known', async () => (await connections()) === 1);
  const closed = scene.app.close();
  line.socket.write(': x\r\n\r\n');
  await Promise.all([line.closed, closed]);
  assert.deepEqual(line.statuses, ['503']);
  assert.match(line.heard, /retry-after: \d+/i);
  assert.match(line.heard, /"code":"service.stopping"/);
});

function connections(): Promise<number> {
  return new Promise((resolve, reject) => {
    scene.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

test('no, a wrong, a short and a foreign token get one and the same answer', async () => {
  const ask = async (headers: Record<string, string>) => {
    const answer = await scene.app.inject({ url: '/jobs', headers });
    const { instance, ...rest } = answer.json();
    assert.match(instance, /^[0-9a-f-]{36}$/);
    return { rest, status: answer.statusCode, challenge: answer.headers['www-authenticate'] };
  };
  const none = await ask({});
  assert.equal(none.status, 401);
  assert.match(String(none.challenge), /^Bearer/);
  const tokens = ['x', 'operator-canary-tokeX', 'operator-canary-token2', 'webhook-canary-now'];
  for (const token of tokens) {
    assert.deepEqual(await ask(bearer(token)), none);
  }
  assert.deepEqual(await ask({ authorization: 'Bearer' }), none);
  assert.deepEqual(await ask({ 'x-exo-bridge-token': 'operator-canary-token' }), none);
});
