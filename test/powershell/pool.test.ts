import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../src/errors.ts';
import { rest } from '../support/virtual-clock.ts';
import { LIMITS, PoolScene, REQUEST } from './pool-scene.ts';

const MINUTE = 60_000;
const REFUSED = new ServiceError('exchange.sign-in-refused', 'AADSTS700027: no such certificate');

/** A scene whose first session is ready. */
async function ready(...settings: ConstructorParameters<typeof PoolScene>): Promise<PoolScene> {
  const scene = new PoolScene(...settings);
  scene.pool.start();
  await rest();
  return scene;
}

async function inARow(scene: PoolScene, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const call = scene.run();
    await rest();
    scene.working[0]?.finish();
    await call;
  }
}

function finishAll(scene: PoolScene): void {
  for (const session of scene.working) {
    session.finish();
  }
}

async function stopAtOnce(scene: PoolScene): Promise<void> {
  const stopping = scene.pool.stop({ graceMs: 0 });
  await scene.clock.pass(0);
  await stopping;
}

test('the minimum is started ahead of need, one after another', async () => {
  const scene = new PoolScene({ minimum: 2, maximum: 3 });
  const gate = Promise.withResolvers<void>();
  scene.onStart = () => gate.promise;
  scene.pool.start();
  await rest();
  assert.equal(scene.opened, 1);
  gate.resolve();
  await rest();
  assert.equal(scene.alive.length, 2);
  assert.deepEqual(scene.pool.status.sessions, { idle: 2 });
});

test('one session runs one command at a time, in the order of asking', async () => {
  const scene = await ready();
  const order: number[] = [];
  const calls = [1, 2, 3].map((number) => scene.run().then(() => order.push(number)));
  for (const call of calls) {
    await rest();
    assert.equal(scene.working.length, 1);
    scene.working[0]?.finish();
    await call;
  }
  assert.deepEqual(order, [1, 2, 3]);
});

test('more sessions are started for those who wait, up to the maximum', async () => {
  const scene = await ready({ maximum: 3 });
  const calls = Array.from({ length: 5 }, () => scene.run());
  await rest();
  assert.equal(scene.working.length, 3);
  finishAll(scene);
  await rest();
  finishAll(scene);
  await Promise.all(calls);
  assert.equal(scene.opened, 3);
});

test('a session beyond the minimum that is not needed any more is ended, after a while', async () => {
  const scene = await ready({ maximum: 2 });
  const calls = [scene.run(), scene.run()];
  await rest();
  finishAll(scene);
  await Promise.all(calls);
  await scene.clock.pass(9 * MINUTE);
  assert.equal(scene.alive.length, 2);
  await scene.clock.pass(2 * MINUTE);
  assert.equal(scene.alive.length, 1);
});

test('a session that dies is replaced, and its command has an unknown outcome', async () => {
  const scene = await ready();
  const call = scene.run();
  await rest();
  scene.working[0]?.die();
  await assert.rejects(call, { code: 'powershell.session-lost' });
  await scene.clock.pass(1_000);
  assert.equal(scene.opened, 2);
  assert.equal(scene.pool.status.counters.lost, 1);
});

test('a shell that dies again and again is started less and less often', async () => {
  const scene = await ready();
  let starts = 0;
  scene.onConnect = (session) => {
    starts += 1;
    setImmediate(() => session.die());
  };
  scene.alive[0]?.die();
  await scene.clock.pass(10 * MINUTE);
  assert.ok(starts <= 30, `${starts} starts in ten minutes`);
});

test('a session whose connection is gone is replaced, though it still answers', async () => {
  const scene = await ready();
  scene.health = { kind: 'gone', reason: 'the connection is gone' };
  await inARow(scene, 1);
  await rest();
  assert.equal(scene.sessions[0]?.state, 'dead');
  assert.equal(scene.opened, 2);
});

for (const [worn, recycle, wear] of [
  ['enough commands', { operations: 3 }, (scene: PoolScene) => inARow(scene, 3)],
  ['enough time', { ageMs: 30 * MINUTE }, (scene: PoolScene) => scene.clock.pass(34 * MINUTE)],
  [
    'too much memory',
    {},
    async (scene: PoolScene) => {
      for (const session of scene.sessions) {
        session.vitals = { memoryBytes: 501, operations: 0, busy: false };
      }
      await scene.clock.pass(21_000);
    },
  ],
] as const) {
  test(`after ${worn} a session is replaced, its successor first`, async () => {
    const limits = { operations: 1_000, ageMs: 600 * MINUTE, memoryBytes: 500, idleMs: MINUTE };
    const scene = await ready({ recycle: { ...limits, ...recycle } });
    let ofOld: string | undefined;
    scene.onConnect = () => {
      ofOld = scene.sessions[0]?.state;
    };
    await wear(scene);
    await rest();
    assert.equal(ofOld, 'ready', 'the old one still serves while its successor connects');
    assert.deepEqual(
      scene.sessions.map(({ state }) => state),
      ['dead', 'ready'],
    );
    assert.equal(scene.sessions[0]?.wasDisconnected, true);
    assert.equal(scene.pool.status.counters.recycled, 1);
  });
}

test('a worn session serves on while its successor cannot be started', async () => {
  const recycle = { operations: 2, ageMs: 3_600_000, memoryBytes: 500, idleMs: MINUTE };
  const scene = await ready({ recycle });
  scene.onStart = () => {
    throw new Error('no memory left');
  };
  await inARow(scene, 5);
  assert.equal(scene.sessions[0]?.commands, 5);
});

test('a worn session that is at work is ended after its command', async () => {
  const recycle = { operations: 1, ageMs: 3_600_000, memoryBytes: 500, idleMs: MINUTE };
  const scene = await ready({ recycle });
  const call = scene.run();
  await rest();
  assert.deepEqual(scene.pool.status.sessions, { draining: 1, idle: 1 });
  scene.working[0]?.finish();
  await call;
  await rest();
  assert.equal(scene.alive.length, 1);
});

test('two missed pings in a row end a session, one does not', async () => {
  const scene = await ready();
  const [session] = scene.sessions;
  assert.ok(session);
  session.vitals = undefined;
  await scene.clock.pass(21_000);
  session.vitals = { memoryBytes: 1, operations: 0, busy: false };
  await scene.clock.pass(20_000);
  session.vitals = undefined;
  await scene.clock.pass(20_000);
  assert.equal(session.state, 'ready');
  await scene.clock.pass(20_000);
  assert.equal(session.state, 'dead');
  assert.equal(scene.opened, 2);
});

test('a session that works is not judged by its pings', async () => {
  const scene = await ready();
  const call = scene.run();
  await rest();
  const [session] = scene.working;
  assert.ok(session);
  session.vitals = undefined;
  await scene.clock.pass(10 * MINUTE);
  session.finish();
  assert.equal((await call).kind, 'completed');
});

test('too many callers are refused', async () => {
  const scene = await ready({ line: { limit: 1, timeoutMs: 10_000 } });
  const first = scene.run();
  const second = scene.run();
  await assert.rejects(scene.run(), { code: 'powershell.overloaded' });
  for (const call of [first, second]) {
    await rest();
    scene.working[0]?.finish();
    await call;
  }
  assert.equal(scene.pool.status.counters.refusedCallers, 1);
});

test('a caller that waits too long is refused, and one that gives up waits no longer', async () => {
  const scene = await ready();
  const first = scene.run();
  const abort = new AbortController();
  const impatient = assert.rejects(scene.run(abort.signal), { code: 'powershell.cancelled' });
  const patient = assert.rejects(scene.run(), { code: 'powershell.overloaded' });
  abort.abort();
  await impatient;
  await scene.clock.pass(10_001);
  await patient;
  scene.working[0]?.finish();
  await first;
});

test('a session that can neither answer nor end loses its lease and its place', async () => {
  const scene = await ready();
  const call = scene.pool.run(REQUEST, { timeoutMs: 1_000 });
  await rest();
  const [session] = scene.working;
  assert.ok(session);
  session.isMortal = false;
  const lost = assert.rejects(call, { code: 'powershell.session-lost' });
  await scene.clock.pass(MINUTE);
  await lost;
  session.command = undefined;
  await inARow(scene, 1);
  assert.equal(scene.opened, 2);
});

test('a refused sign-in opens the breaker at once: the cause is told, and to every later caller', async () => {
  const scene = new PoolScene();
  scene.onConnect = () => {
    throw REFUSED;
  };
  await assert.rejects(scene.run(), { code: 'exchange.sign-in-refused' });
  assert.equal(scene.pool.status.breaker, 'open');
  assert.match(scene.pool.status.obstacle ?? '', /AADSTS700027.*next try is in \d+ s/);
  await assert.rejects(scene.run(), { code: 'exchange.sign-in-refused' });
  assert.equal(scene.opened, 1);
  assert.equal(scene.alive.length, 0);
});

test('a sign-in refused for ten minutes is tried at most once per window, then works again', async () => {
  const scene = new PoolScene({ minimum: 2, maximum: 4 });
  const tries: number[] = [];
  scene.onConnect = () => {
    tries.push(scene.clock.now());
    throw REFUSED;
  };
  scene.pool.start();
  for (let second = 0; second < 600; second += 1) {
    await scene.clock.pass(1_000);
    await assert.rejects(scene.run(), { code: 'exchange.sign-in-refused' });
  }
  assert.ok(tries.length <= 5, `${tries.length} tries`);
  for (const [index, at] of tries.slice(1).entries()) {
    assert.ok(at - (tries[index] ?? 0) >= MINUTE);
  }
  scene.onConnect = () => undefined;
  await scene.clock.pass(16 * MINUTE);
  assert.equal(scene.pool.status.breaker, 'closed');
  assert.equal(scene.pool.status.obstacle, undefined);
  await inARow(scene, 1);
});

test('the breaker opens after four other failures in a row, tried with growing pauses', async () => {
  const scene = new PoolScene();
  scene.onStart = () => {
    throw new ServiceError('powershell.start-failed', 'no greeting');
  };
  const breaker: string[] = [];
  scene.pool.start();
  for (let second = 0; second < 30; second += 1) {
    await rest();
    breaker[scene.opened] = scene.pool.status.breaker;
    await scene.clock.pass(1_000);
  }
  assert.deepEqual(breaker.slice(1), ['closed', 'closed', 'closed', 'open']);
  assert.equal(scene.pool.status.counters.breakerOpenings, 1);
  assert.deepEqual(scene.pool.status.failedStarts, { 'powershell.start-failed': 4 });
});

test('a half-open breaker tries one session, whatever the minimum and however many wait', async () => {
  const scene = new PoolScene({ minimum: 3, maximum: 3 });
  scene.onConnect = () => {
    throw REFUSED;
  };
  scene.pool.start();
  await rest();
  const gate = Promise.withResolvers<void>();
  scene.onConnect = () => gate.promise;
  await scene.clock.pass(2 * MINUTE);
  const calls = [scene.run(), scene.run()];
  await rest();
  assert.equal(scene.opened, 2);
  gate.resolve();
  await rest();
  finishAll(scene);
  await Promise.all(calls);
  assert.equal(scene.opened, 4);
});

test('the time that the other side asks for is kept before the next start', async () => {
  const scene = new PoolScene();
  scene.onConnect = () => {
    throw new ServiceError('exchange.throttled', 'too many', { retryAfterMs: 5 * MINUTE });
  };
  scene.pool.start();
  await scene.clock.pass(4 * MINUTE);
  assert.equal(scene.opened, 1);
  await scene.clock.pass(2 * MINUTE);
  assert.equal(scene.opened, 2);
});

test('throttling halves the work at once, and it comes back step by step', async () => {
  const scene = await ready({ minimum: 4, maximum: 4 });
  scene.health = { kind: 'throttled', retryAfterMs: undefined };
  await inARow(scene, 1);
  scene.health = { kind: 'sound' };
  assert.equal(scene.pool.status.allowed, 2);
  const calls = Array.from({ length: 4 }, () => scene.pool.run(REQUEST, LIMITS));
  const refused = Promise.allSettled(calls);
  await rest();
  assert.equal(scene.working.length, 2);
  await scene.clock.pass(61_000);
  assert.equal(scene.pool.status.allowed, 3);
  await scene.clock.pass(61_000);
  assert.equal(scene.pool.status.allowed, 4);
  await stopAtOnce(scene);
  await refused;
});

test('what was set right is tried at once, and every session gives way to a successor', async () => {
  const scene = new PoolScene();
  scene.pool.start();
  await scene.clock.pass(0);
  const [first] = scene.sessions;
  const command = scene.run();
  await scene.clock.pass(0);
  scene.onConnect = () => {
    throw new ServiceError('exchange.sign-in-refused', 'not uploaded yet');
  };
  scene.pool.renew('another certificate');
  await scene.clock.pass(0);
  first?.finish();
  await command;
  assert.equal(first?.state, 'ready', 'the old one serves on');
  assert.equal(scene.pool.status.breaker, 'open');
  scene.onConnect = () => undefined;
  scene.pool.renew('the same, uploaded');
  await scene.clock.pass(0);
  assert.equal(first?.state, 'dead');
  assert.equal(scene.alive.length, 1);
  assert.equal(scene.pool.status.breaker, 'closed');
});

test('a session that is outdated is replaced, successor first, unless it is young', async () => {
  const scene = new PoolScene();
  const runOnce = async () => {
    const command = scene.run();
    await scene.clock.pass(0);
    scene.alive.at(0)?.finish();
    await command;
    await scene.clock.pass(0);
  };
  scene.health = { kind: 'outdated', reason: 'its roles were not enough' };
  scene.pool.start();
  await scene.clock.pass(0);
  await runOnce();
  assert.equal(scene.opened, 1);
  await scene.clock.pass(5 * MINUTE);
  await runOnce();
  assert.equal(scene.opened, 2);
  assert.equal(scene.alive.length, 1);
  assert.notEqual(scene.alive[0], scene.sessions[0]);
  await stopAtOnce(scene);
});

test('stopping refuses who waits, lets the command at work end, says good-bye and ends every session', async () => {
  const scene = await ready();
  const first = scene.run();
  const second = assert.rejects(scene.run(), { code: 'service.stopping' });
  await rest();
  const stopping = scene.pool.stop({ graceMs: 5_000 });
  await second;
  await scene.clock.pass(4_000);
  scene.working[0]?.finish();
  assert.equal((await first).kind, 'completed');
  await stopping;
  await scene.pool.stop({ graceMs: 5_000 });
  assert.equal(scene.alive.length, 0);
  assert.equal(scene.sessions[0]?.wasDisconnected, true);
  await assert.rejects(scene.run(), { code: 'service.stopping' });
});

test('stopping does not wait for a command longer than its grace', async () => {
  const scene = await ready();
  const call = assert.rejects(scene.run(), { code: 'powershell.session-lost' });
  await rest();
  const stopping = scene.pool.stop({ graceMs: 5_000 });
  await scene.clock.pass(5_001);
  await stopping;
  await call;
});

test('stopping while a session connects leaves none behind, and is no fault', async () => {
  const scene = new PoolScene();
  const connecting = Promise.withResolvers<void>();
  scene.onConnect = async (session) => {
    connecting.resolve();
    await session.ended;
    throw new Error('ended while connecting');
  };
  scene.pool.start();
  await connecting.promise;
  await scene.pool.stop({ graceMs: 1_000 });
  assert.equal(scene.alive.length, 0);
  await scene.clock.pass(10 * MINUTE);
  assert.equal(scene.opened, 1);
  assert.deepEqual(scene.errors, []);
});

/** Many orders of events: whatever happens, every call ends, and the promises of the pool hold. */
for (let seed = 1; seed <= 40; seed += 1) {
  test(`whatever happens, every call ends and no session is used twice at once (seed ${seed})`, async () => {
    const random = seeded(seed);
    const scene = new PoolScene({
      minimum: 1 + Math.floor(random() * 2),
      maximum: 2 + Math.floor(random() * 3),
      line: { limit: 8, timeoutMs: 5 * MINUTE },
      recycle: { operations: 7, ageMs: 5 * MINUTE, memoryBytes: 500, idleMs: 2 * MINUTE },
    });
    scene.random = random;
    let open = 0;
    let ended = 0;
    const faults = [() => undefined, () => undefined, failing('powershell.start-failed')];
    scene.onStart = () => faults[Math.floor(random() * faults.length)]?.();
    scene.onConnect = () => (random() < 0.1 ? failing('exchange.sign-in-refused')() : undefined);
    scene.pool.start();
    const call = () => {
      open += 1;
      const end = () => {
        ended += 1;
      };
      scene.run().then(end, end);
    };
    const acts: readonly (() => void)[] = [
      call,
      call,
      () => pick(scene.working, random)?.finish(),
      () => pick(scene.working, random)?.finish(),
      () => pick(scene.alive, random)?.die(),
      () => {
        const session = pick(scene.alive, random);
        if (session !== undefined) {
          session.vitals = undefined;
        }
      },
      () => {
        const healths = [
          { kind: 'sound' },
          { kind: 'gone', reason: 'gone' },
          { kind: 'throttled', retryAfterMs: 90_000 },
        ] as const;
        scene.health = healths[Math.floor(random() * 3)] ?? healths[0];
      },
    ];
    for (let act = 0; act < 400; act += 1) {
      pick(acts, random)?.();
      await scene.clock.pass(Math.floor(random() * 20_000));
      const { sessions } = scene.pool.status;
      assert.ok(scene.alive.length <= 5, `${scene.alive.length} sessions alive`);
      assert.ok((sessions.starting ?? 0) + (sessions.connecting ?? 0) <= 1, 'one start at a time');
    }
    scene.onStart = () => undefined;
    scene.onConnect = () => undefined;
    scene.health = { kind: 'sound' };
    for (let minute = 0; minute < 40 && ended < open; minute += 1) {
      finishAll(scene);
      await scene.clock.pass(MINUTE / 4);
    }
    assert.equal(ended, open);
    await scene.clock.pass(16 * MINUTE);
    assert.equal(
      scene.pool.status.obstacle,
      undefined,
      'once the faults are over it is ready again',
    );
    await stopAtOnce(scene);
    assert.equal(scene.alive.length, 0);
  });
}

function failing(code: 'powershell.start-failed' | 'exchange.sign-in-refused'): () => never {
  return () => {
    throw new ServiceError(code, code);
  };
}

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)];
}

/** Mulberry32: the same seed, the same numbers. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
