import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { type ErrorCode, ServiceError } from '../../src/errors.ts';
import { Gate } from '../../src/trelica/gate.ts';
import { createPace } from '../../src/trelica/pace.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const down = (code: ErrorCode, retryAfterMs?: number) =>
  new ServiceError(code, 'no', retryAfterMs === undefined ? {} : { retryAfterMs });

function scene() {
  const clock = new VirtualClock();
  const made = {
    clock,
    fault: undefined as ServiceError | undefined,
    calls: 0,
    probes: [] as number[],
    opened: [] as number[],
    async call(): Promise<string> {
      made.calls += 1;
      if (made.fault !== undefined) {
        throw made.fault;
      }
      return 'answer';
    },
    codeOf: (asked: Promise<unknown>) =>
      asked.then(
        () => 'passed',
        (error: ServiceError) => error.code,
      ),
  };
  const gate = new Gate({
    probe: async () => {
      made.probes.push(clock.now());
      if (made.fault !== undefined) {
        throw made.fault;
      }
    },
    onOpen: () => made.opened.push(clock.now()),
    clock,
    random: () => 0,
    log: pino({ level: 'silent' }),
  });
  return Object.assign(made, { gate, pass: () => made.codeOf(gate.pass(() => made.call())) });
}

for (const code of [
  'trelica.unreachable',
  'trelica.server-error',
  'trelica.answer-foreign',
] as const) {
  test(`three times ${code} in a row shut the gate, and nobody asks any more`, async () => {
    const here = scene();
    here.fault = down(code);
    for (const _ of [1, 2, 3, 4, 5]) {
      assert.equal(await here.pass(), code);
    }
    assert.equal(here.calls, 3);
    const refusal = await here.gate.pass(() => here.call()).catch((error: ServiceError) => error);
    assert.ok(refusal instanceof ServiceError);
    assert.equal(refusal.retryAfterMs, 1_000);
  });
}

for (const code of ['trelica.throttled', 'trelica.credentials-refused'] as const) {
  test(`${code} shuts the gate at once, for as long as is asked`, async () => {
    const here = scene();
    here.fault = down(code, 90_000);
    await here.pass();
    assert.equal(await here.pass(), code);
    assert.equal(here.calls, 1);
    await here.clock.pass(89_999);
    assert.deepEqual(here.probes, []);
    await here.clock.pass(1);
    assert.deepEqual(here.probes, [90_000]);
  });
}

test('one request that always fails does not shut the gate for the others', async () => {
  const here = scene();
  for (const code of [
    'trelica.server-error',
    'trelica.server-error',
    'trelica.run-not-found',
  ] as const) {
    here.fault = down(code);
    await here.pass();
  }
  here.fault = down('trelica.server-error');
  await here.pass();
  here.fault = undefined;
  assert.equal(await here.pass(), 'passed');
  here.fault = down('trelica.unreachable');
  await here.pass();
  here.fault = undefined;
  assert.equal(await here.pass(), 'passed');
});

test('a shut gate probes at growing pauses, at most every half minute, and opens by itself', async () => {
  const here = scene();
  here.fault = down('trelica.unreachable');
  await Promise.all([here.pass(), here.pass(), here.pass()]);
  await here.clock.pass(150_000);
  assert.deepEqual(here.probes, [1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000]);
  here.fault = undefined;
  await here.clock.pass(5_000);
  assert.equal(await here.pass(), 'passed');
  assert.deepEqual(here.opened, [151_000]);
  // Once more for who was refused last and was still on the way to waiting.
  await here.clock.pass(20_000);
  assert.deepEqual(here.opened, [151_000, 171_000]);
});

test('a probe that is answered otherwise shows that Trelica answers', async () => {
  const here = scene();
  here.fault = down('trelica.unreachable');
  await Promise.all([here.pass(), here.pass(), here.pass()]);
  here.fault = down('trelica.forbidden');
  await here.clock.pass(1_000);
  assert.equal(here.opened.length, 1);
});

test('an idle service that is looked after notices that Trelica is gone', async () => {
  const here = scene();
  const look = async () => {
    here.gate.lookAfter();
    here.gate.lookAfter();
    await here.clock.pass(0);
  };
  await look();
  await look();
  assert.deepEqual(here.probes, [0], 'an answer is good for ten seconds');
  here.fault = down('trelica.unreachable');
  await here.clock.pass(10_000);
  await look();
  await look();
  const codes = [here.gate.obstacle?.code];
  await look();
  codes.push(here.gate.obstacle?.code);
  assert.deepEqual(codes, [undefined, 'trelica.unreachable']);
  await look();
  assert.deepEqual(here.probes, [0, 10_000, 10_000, 10_000]);
});

test('a stopped gate lets nobody pass and probes no more', async () => {
  const here = scene();
  here.fault = down('trelica.unreachable');
  await Promise.all([here.pass(), here.pass(), here.pass()]);
  here.gate.stop();
  here.gate.stop();
  assert.equal(await here.pass(), 'service.stopping');
  await here.clock.pass(600_000);
  assert.deepEqual(here.probes, []);
});

test('requests keep to the rate, after a rest one second of it at once', async () => {
  const clock = new VirtualClock();
  const at: number[] = [];
  const answer = { status: 200, headers: new Headers(), body: '' };
  const send = createPace(
    async () => {
      at.push(clock.now());
      return answer;
    },
    { atOnce: 100, perSecond: 10 },
    clock,
  );
  const url = new URL('https://eu.trelica.com');
  const all = Array.from({ length: 40 }, () => send(url, { method: 'GET', headers: {} }));
  await clock.pass(10_000);
  await Promise.all(all);
  assert.equal(at.filter((ms) => ms === 0).length, 11);
  assert.deepEqual(at.slice(11, 14), [100, 200, 300]);
  assert.equal(at.at(-1), 2_900);
});

test('no more requests are under way than allowed, and one that fails makes room', async () => {
  const waiting: PromiseWithResolvers<never>[] = [];
  const send = createPace(
    () => {
      const one = Promise.withResolvers<never>();
      waiting.push(one);
      return one.promise;
    },
    { atOnce: 2, perSecond: 1_000 },
    new VirtualClock(),
  );
  const url = new URL('https://eu.trelica.com');
  const all = [1, 2, 3].map(() => send(url, { method: 'GET', headers: {} }));
  await Promise.resolve();
  assert.equal(waiting.length, 2);
  waiting[0]?.reject(new Error('lost'));
  await assert.rejects(all[0] ?? Promise.resolve(), /lost/);
  assert.equal(waiting.length, 3);
  for (const one of waiting.slice(1)) {
    one.reject(new Error('lost'));
  }
  await Promise.allSettled(all);
});
