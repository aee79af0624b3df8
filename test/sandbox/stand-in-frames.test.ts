import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { after, before, test } from 'node:test';
import type { WorkerFrame } from '../../src/powershell/frames.ts';

/** Speaks to the stand-in over its socket, below the checks the service would make first. */
class Driver {
  readonly child: ReturnType<typeof spawn>;
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ReturnType<typeof spawn>, socket: Socket, lines: Interface) {
    this.child = child;
    this.socket = socket;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  static async start(): Promise<Driver> {
    const folder = mkdtempSync(join(tmpdir(), 'fr-'));
    const channel = join(folder, 's');
    const server = createServer().listen(channel);
    await once(server, 'listening');
    const child = spawn(process.execPath, [resolve('src/sandbox/pwsh-stand-in.ts'), '-NoLogo'], {
      stdio: 'ignore',
      env: {
        SESSION_CHANNEL: channel,
        SESSION_TOKEN: 'proof',
        EXO_SANDBOX_TENANT: 'http://127.0.0.1:9',
      },
    });
    const [socket] = (await once(server, 'connection')) as [Socket];
    server.close();
    rmSync(folder, { recursive: true });
    return new Driver(child, socket, createInterface(socket));
  }

  send(frame: unknown): void {
    this.socket.write(`${JSON.stringify({ v: 1, ...(frame as object) })}\n`);
  }

  async next(): Promise<WorkerFrame> {
    const { value, done } = await this.#lines.next();
    assert.ok(done !== true, 'the stand-in is gone');
    return JSON.parse(value) as WorkerFrame;
  }

  async run(command: string, parameters: Record<string, unknown>): Promise<string | undefined> {
    this.send({ type: 'run', id: 1, command, parameters, properties: [] });
    const frame = await this.next();
    assert.ok(frame.type === 'result');
    return frame.errors[0]?.fullyQualifiedErrorId;
  }
}

let driver: Driver;
before(async () => {
  driver = await Driver.start();
});
after(() => driver.child.kill('SIGKILL'));

test('it greets with the proof it was given', async () => {
  const hello = await driver.next();
  assert.ok(hello.type === 'hello');
  assert.deepEqual([hello.token, hello.engine, hello.pid], ['proof', 'stand-in', driver.child.pid]);
});

test('it imports the Exchange module and no other', async () => {
  const allow = { 'Get-EXOMailbox': ['Identity', 'Archive'] };
  driver.send({ type: 'prepare', id: 1, modules: [{ name: 'Pester' }], allow });
  const refused = await driver.next();
  assert.ok(refused.type === 'result');
  assert.match(refused.errors[0]?.fullyQualifiedErrorId ?? '', /^Modules_ModuleNotFound/);
  driver.send({ type: 'prepare', id: 2, modules: [{ name: 'ExchangeOnlineManagement' }], allow });
  const loaded = await driver.next();
  assert.ok(loaded.type === 'item');
  assert.deepEqual(loaded.rows, [{ Name: 'ExchangeOnlineManagement', Version: '3.9.2' }]);
  assert.deepEqual(await driver.next(), {
    v: 1,
    type: 'result',
    id: 2,
    warnings: [],
    errors: [],
    cancelled: false,
  });
});

for (const identity of ['', ' ', '*', 'a*', '?', null, 1, true, [], ['a@b.example']]) {
  test(`the identity ${JSON.stringify(identity)} is refused, and the next command is taken`, async () => {
    assert.match((await driver.run('Get-EXOMailbox', { Identity: identity })) ?? '', /Refused$/);
  });
}

test('what is outside the allow list or no value is refused', async () => {
  assert.equal(await driver.run('Get-Mailbox', {}), 'CommandRefused');
  assert.equal(await driver.run('Get-EXOMailbox', { Anr: 'x' }), 'ParameterRefused');
  assert.equal(await driver.run('Get-EXOMailbox', { Archive: { a: {} } }), 'ValueRefused');
  assert.equal(
    await driver.run('Get-EXOMailbox', {
      Archive: { $type: 'certificate', pfx: 'AA==', password: '' },
    }),
    'ValueRefused',
  );
});

test('a ping is answered', async () => {
  driver.send({ type: 'ping', id: 9 });
  const pong = await driver.next();
  assert.ok(pong.type === 'pong' && pong.id === 9 && pong.memoryBytes > 0 && !pong.busy);
});

test('it leaves when told to, when the socket ends, and when a line is no frame', async () => {
  driver.send({ type: 'exit' });
  assert.deepEqual(await once(driver.child, 'exit'), [0, null]);
  const second = await Driver.start();
  second.socket.end();
  assert.deepEqual(await once(second.child, 'exit'), [0, null]);
  const third = await Driver.start();
  third.socket.write('nonsense\n');
  assert.deepEqual(await once(third.child, 'exit'), [1, null]);
});
