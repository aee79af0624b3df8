import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import type { WorkerFrame } from '../../src/powershell/frames.ts';
import { type RunningTenant, startTenant } from '../../src/sandbox/tenant/start-tenant.ts';

const MODULE = resolve('src/sandbox/ExchangeOnlineManagement/ExchangeOnlineManagement.psd1');
const WORKER = resolve('src/powershell/worker.ps1');
/** Long enough for a start on a slow machine. */
const CONNECT_WITHIN_MS = 60_000;

type Command = readonly [string, ...string[]];

/** A worker without the service around it: the test says each line itself, also such as are never sent. */
class Driver {
  readonly child: ChildProcess;
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, socket: Socket, lines: Interface) {
    this.child = child;
    this.socket = socket;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  static async start([program, ...leading]: Command, tenant: string): Promise<Driver> {
    const folder = mkdtempSync(join(tmpdir(), 'fr-'));
    const channel = join(folder, 's');
    const server = createServer().listen(channel);
    await once(server, 'listening');
    const child = spawn(
      program,
      [...leading, '-NoLogo', '-NoProfile', '-NonInteractive', '-File', WORKER],
      {
        stdio: 'ignore',
        env: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          SESSION_CHANNEL: channel,
          SESSION_TOKEN: 'proof',
          EXO_SANDBOX_TENANT: tenant,
        },
      },
    );
    const signal = AbortSignal.timeout(CONNECT_WITHIN_MS);
    const [socket] = (await once(server, 'connection', { signal })) as [Socket];
    server.close();
    rmSync(folder, { recursive: true });
    return new Driver(child, socket, createInterface(socket));
  }

  send(frame: object): void {
    this.socket.write(`${JSON.stringify({ v: 1, ...frame })}\n`);
  }

  async next(): Promise<WorkerFrame> {
    const { value, done } = await this.#lines.next();
    assert.ok(done !== true, 'the worker is gone');
    return JSON.parse(value) as WorkerFrame;
  }

  async result(): Promise<Extract<WorkerFrame, { type: 'result' }>> {
    const frame = await this.next();
    assert.ok(frame.type === 'result', JSON.stringify(frame));
    return frame;
  }

  /** The id of the error that a command ends with. */
  async run(command: string, parameters: Record<string, unknown>): Promise<string | undefined> {
    this.send({ type: 'run', id: 1, command, parameters, properties: [] });
    return (await this.result()).errors[0]?.fullyQualifiedErrorId;
  }
}

const ALLOW = {
  'Connect-ExchangeOnline': ['AccessToken', 'Organization', 'CommandName', 'ErrorAction'],
  'Get-EXOMailbox': ['Identity', 'Archive', 'Mailbox'],
  'Get-AcceptedDomain': [],
};

/** What anything that speaks the worker's frames must do, whoever sends them and whatever they hold. */
export function describeFrames(name: string, command: Command): void {
  describe(`the frames of ${name}`, () => {
    let tenant: RunningTenant;
    let driver: Driver;
    const started: Driver[] = [];
    const start = async () => {
      const one = await Driver.start(command, tenant.url);
      started.push(one);
      return one;
    };
    /** Greeted, prepared and signed in. */
    const ready = async () => {
      const one = await start();
      await one.next();
      one.send({ type: 'prepare', id: 1, modules: [{ name: MODULE }], allow: ALLOW });
      await one.next();
      await one.result();
      const parameters = {
        AccessToken: 'token',
        Organization: tenant.organization,
        CommandName: ['Get-AcceptedDomain'],
      };
      assert.equal(await one.run('Connect-ExchangeOnline', parameters), undefined);
      return one;
    };
    before(async () => {
      tenant = await startTenant({ latencyMs: 1_000 });
      driver = await start();
    });
    after(async () => {
      for (const { child } of started) {
        child.kill('SIGKILL');
      }
      await tenant.close();
    });

    test('it greets with the proof it was given', async () => {
      const hello = await driver.next();
      assert.ok(hello.type === 'hello');
      assert.deepEqual([hello.token, hello.pid], ['proof', driver.child.pid]);
    });

    test('a module that is not there, or not in this version, is a failure that names it', async () => {
      for (const wanted of [
        { name: 'Pester-that-is-not-there' },
        { name: MODULE, version: '99.1.0' },
        { name: MODULE, version: 'newest' },
      ]) {
        driver.send({ type: 'prepare', id: 1, modules: [wanted], allow: ALLOW });
        const { errors } = await driver.result();
        assert.ok(errors.length > 0, JSON.stringify(wanted));
      }
    });

    test('what was loaded is told with its version', async () => {
      driver.send({ type: 'prepare', id: 2, modules: [{ name: MODULE }], allow: ALLOW });
      const loaded = await driver.next();
      assert.ok(loaded.type === 'item');
      assert.deepEqual(loaded.rows, [{ Name: 'ExchangeOnlineManagement', Version: '3.9.2' }]);
      assert.deepEqual(await driver.result(), {
        v: 1,
        type: 'result',
        id: 2,
        warnings: [],
        errors: [],
        cancelled: false,
      });
    });

    const NAMELESS = ['', ' ', '\u00a0', '\u0085', '\u200b', '\ufeff', '\u2028\t', '\0'];
    const NO_NAMES = [...NAMELESS, '*', 'a*', '?', null, 1, true, [], ['a@b.example'], { a: 1 }];
    for (const identity of NO_NAMES) {
      test(`the identity ${JSON.stringify(identity)} is refused, and the next command is taken`, async () => {
        assert.match(
          (await driver.run('Get-EXOMailbox', { Identity: identity })) ?? '',
          /Refused$/,
        );
      });
    }

    test('every parameter that names an object is guarded', async () => {
      assert.equal(await driver.run('Get-EXOMailbox', { Mailbox: ' ' }), 'IdentityRefused');
    });

    test('what is outside the allow list or no value is refused', async () => {
      assert.equal(await driver.run('Get-Mailbox', {}), 'CommandRefused');
      assert.equal(await driver.run('Get-EXOMailbox', { Anr: 'x' }), 'ParameterRefused');
      for (const value of [
        { a: {} },
        { $type: 'scriptblock', value: 'x' },
        { $type: 'certificate', pfx: 'AA==', password: '' },
        ['a', 1],
        ['a', ['b']],
        null,
      ]) {
        assert.equal(await driver.run('Get-EXOMailbox', { Archive: value }), 'ValueRefused');
      }
    });

    test('a ping is answered', async () => {
      driver.send({ type: 'ping', id: 9 });
      const pong = await driver.next();
      assert.ok(pong.type === 'pong' && pong.id === 9 && pong.memoryBytes > 0 && !pong.busy);
    });

    test('while a command runs: pings are answered, a second one is refused, a cancel for another is ignored', async () => {
      const worker = await ready();
      const run = { type: 'run', command: 'Get-AcceptedDomain', parameters: {}, properties: [] };
      // Together in one chunk: the first is still at work when the last arrives.
      worker.send({ ...run, id: 5 });
      worker.send({ ...run, id: 6 });
      worker.send({ type: 'cancel', id: 4 });
      worker.send({ type: 'ping', id: 7 });
      worker.send({ type: 'cancel', id: 5 });
      const refused = await worker.result();
      assert.deepEqual(
        [refused.id, refused.errors[0]?.fullyQualifiedErrorId, refused.cancelled],
        [6, 'Busy', false],
      );
      const pong = await worker.next();
      assert.ok(pong.type === 'pong' && pong.busy);
      const stopped = await worker.result();
      assert.deepEqual([stopped.id, stopped.cancelled], [5, true]);
    });

    test('frames in one chunk and frames in pieces are the same', async () => {
      const worker = await start();
      await worker.next();
      const pings = [1, 2, 3].map((id) => `${JSON.stringify({ v: 1, type: 'ping', id })}\n`);
      worker.socket.write(pings.join(''));
      const ids = [await worker.next(), await worker.next(), await worker.next()];
      assert.deepEqual(
        ids.map((pong) => pong.type === 'pong' && pong.id),
        [1, 2, 3],
      );
      for (const character of pings[0] ?? '') {
        worker.socket.write(character);
      }
      assert.equal((await worker.next()).type, 'pong');
    });

    test('it leaves when told to, when the socket ends, and when a line is no frame', async () => {
      driver.send({ type: 'exit' });
      assert.deepEqual(await once(driver.child, 'exit'), [0, null]);
      const second = await start();
      second.socket.end();
      assert.deepEqual(await once(second.child, 'exit'), [0, null]);
      const third = await start();
      third.socket.write('nonsense\n');
      assert.deepEqual(await once(third.child, 'exit'), [1, null]);
    });
  });
}
