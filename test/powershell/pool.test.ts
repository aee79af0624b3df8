import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ServiceError } from '../../src/errors.ts';
import { Pool, type PoolSettings } from '../../src/powershell/pool.ts';
import type { Session, SessionEnd } from '../../src/powershell/session.ts';
import type { CommandOutcome } from '../../src/powershell/sessions.ts';
import { eventually } from '../support/eventually.ts';

const REQUEST = { command: 'Get-Mailbox', parameters: {}, properties: [] };
const LIMITS = { timeoutMs: 1_000 };

/** A session whose commands end when the test says so. */
class FakeSession {
  state = 'ready';
  readonly #end = Promise.withResolvers<SessionEnd>();
  readonly ended = this.#end.promise;
  readonly commands: PromiseWithResolvers<CommandOutcome>[] = [];

  run(): Promise<CommandOutcome> {
    this.state = 'busy';
    const command = Promise.withResolvers<CommandOutcome>();
    this.commands.push(command);
    return command.promise;
  }

  finish(): void {
    this.state = 'ready';
    this.commands.shift()?.resolve({ kind: 'completed', rows: [], warnings: [] });
  }

  die(): void {
    this.state = 'dead';
    this.commands.shift()?.reject(new ServiceError('powershell.session-lost', 'died'));
    this.#end.resolve({ reason: 'died', exit: undefined });
  }

  async stop(): Promise<void> {
    this.die();
  }
}

interface Scene {
  readonly pool: Pool;
  readonly sessions: FakeSession[];
  opened: number;
  /** Called for each start; throws to make it fail. */
  onOpen: () => void;
  /** What is said of every outcome. */
  isSpent: boolean;
}

async function withPool(
  settings: Partial<PoolSettings>,
  use: (scene: Scene) => Promise<void>,
): Promise<void> {
  const sessions: FakeSession[] = [];
  const open = async () => {
    scene.opened += 1;
    scene.onOpen();
    const session = new FakeSession();
    sessions.push(session);
    return session as unknown as Session;
  };
  const whole = { size: 1, queueLimit: 10, queueTimeoutMs: 10_000, ...settings };
  const log = pino({ level: 'silent' });
  const scene: Scene = {
    pool: new Pool(whole, { open, isSpent: () => scene.isSpent, random: () => 0, log }),
    sessions,
    opened: 0,
    onOpen: () => undefined,
    isSpent: false,
  };
  try {
    await use(scene);
  } finally {
    await scene.pool.stop();
  }
}

const running = (scene: Scene, count: number) =>
  eventually(
    `${count} commands run`,
    () => scene.sessions.filter((session) => session.commands.length > 0).length === count,
  );

test('the first session is started ahead of need and then used', () =>
  withPool({}, async (scene) => {
    scene.pool.start();
    await eventually('ready', () => scene.pool.obstacle === undefined);
    const call = scene.pool.run(REQUEST, LIMITS);
    await running(scene, 1);
    scene.sessions[0]?.finish();
    assert.equal((await call).kind, 'completed');
    assert.equal(scene.opened, 1);
  }));

test('one session runs one command at a time, in the order of asking', () =>
  withPool({}, async (scene) => {
    const order: number[] = [];
    const calls = [1, 2, 3].map((number) =>
      scene.pool.run(REQUEST, LIMITS).then(() => order.push(number)),
    );
    for (const call of calls) {
      await running(scene, 1);
      assert.equal(scene.sessions[0]?.commands.length, 1);
      scene.sessions[0]?.finish();
      await call;
    }
    assert.deepEqual(order, [1, 2, 3]);
  }));

test('more sessions are started for those who wait, up to the size', () =>
  withPool({ size: 3 }, async (scene) => {
    let done = 0;
    const calls = Array.from({ length: 5 }, () =>
      scene.pool.run(REQUEST, LIMITS).then(() => {
        done += 1;
      }),
    );
    await running(scene, 3);
    assert.equal(scene.opened, 3);
    await eventually('every call is answered', () => {
      scene.sessions.find((session) => session.commands.length > 0)?.finish();
      return done === 5;
    });
    await Promise.all(calls);
    assert.equal(scene.opened, 3);
  }));

test('a session that dies is replaced, and its command has an unknown outcome', () =>
  withPool({}, async (scene) => {
    const call = scene.pool.run(REQUEST, LIMITS);
    await running(scene, 1);
    scene.sessions[0]?.die();
    await assert.rejects(call, { code: 'powershell.session-lost' });
    await eventually('a new session', () => scene.opened === 2);
  }));

test('a session whose connection is gone is replaced, though it still answers', () =>
  withPool({}, async (scene) => {
    scene.isSpent = true;
    const call = scene.pool.run(REQUEST, LIMITS);
    await running(scene, 1);
    scene.sessions[0]?.finish();
    await call;
    await eventually('a new session', () => scene.opened === 2);
    assert.equal(scene.sessions[0]?.state, 'dead');
  }));

test('too many callers are refused', () =>
  withPool({ queueLimit: 1 }, async (scene) => {
    const first = scene.pool.run(REQUEST, LIMITS);
    await running(scene, 1);
    const second = scene.pool.run(REQUEST, LIMITS);
    await assert.rejects(scene.pool.run(REQUEST, LIMITS), { code: 'powershell.overloaded' });
    scene.sessions[0]?.finish();
    await first;
    await running(scene, 1);
    scene.sessions[0]?.finish();
    await second;
  }));

test('a caller that waits too long is refused', () =>
  withPool({ queueTimeoutMs: 20 }, async (scene) => {
    const first = scene.pool.run(REQUEST, LIMITS);
    await running(scene, 1);
    await assert.rejects(scene.pool.run(REQUEST, LIMITS), { code: 'powershell.overloaded' });
    scene.sessions[0]?.finish();
    await first;
  }));

test('a failed start tells whoever waits the cause and is not repeated at once', () =>
  withPool({}, async (scene) => {
    scene.onOpen = () => {
      throw new ServiceError('exchange.sign-in-refused', 'AADSTS700027: no such certificate');
    };
    await assert.rejects(scene.pool.run(REQUEST, LIMITS), { code: 'exchange.sign-in-refused' });
    assert.match(scene.pool.obstacle ?? '', /AADSTS700027/);
    assert.equal(scene.opened, 1);
  }));

test('stopping refuses who waits and ends every session', async () => {
  await withPool({}, async (scene) => {
    const first = scene.pool.run(REQUEST, LIMITS);
    await running(scene, 1);
    const second = scene.pool.run(REQUEST, LIMITS);
    const both = Promise.allSettled([first, second]);
    await scene.pool.stop();
    const [one, two] = await both;
    assert.equal(one.status, 'rejected');
    assert.equal(two.status, 'rejected');
    await assert.rejects(scene.pool.run(REQUEST, LIMITS), { code: 'service.stopping' });
  });
});
