import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { SweepTimer } from '../../src/trelica/sweep-timer.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const MINUTE = 60_000;

function scene(everyMs = 10 * MINUTE) {
  const clock = new VirtualClock();
  const made = {
    clock,
    error: undefined as ErrorCode | undefined,
    sweeps: [] as number[],
    takesMs: 0,
    underWay: 0,
    most: 0,
  };
  const timer = new SweepTimer({
    everyMs,
    clock,
    random: () => 0.5,
    sweep: async () => {
      made.sweeps.push(clock.now());
      made.underWay += 1;
      made.most = Math.max(made.most, made.underWay);
      await new Promise<void>((resolve) => clock.after(made.takesMs, resolve));
      made.underWay -= 1;
      const counts = { workflow: 'w', waiting: 0, accepted: 0, known: 0 };
      const error = made.error && { code: made.error, message: '' };
      return { workflows: [{ ...counts, ...(error && { error }) }] };
    },
  });
  return Object.assign(made, { timer });
}

test('the first sweep comes within seconds, the others in their time', async () => {
  const { clock, timer, sweeps } = scene();
  timer.start();
  await clock.pass(31 * MINUTE);
  assert.deepEqual(sweeps, [12_500, 612_500, 1_212_500, 1_812_500]);
});

test('a sweep never overlaps another, however long it takes', async () => {
  const here = scene(MINUTE);
  here.takesMs = 5 * MINUTE;
  here.timer.start();
  await here.clock.pass(MINUTE);
  here.timer.soon();
  await here.clock.pass(30 * MINUTE);
  assert.equal(here.most, 1);
  assert.ok(here.sweeps.length >= 5);
});

test('while Trelica is away the pauses double up to an hour, and end when it is back', async () => {
  const here = scene();
  here.error = 'trelica.unreachable';
  here.timer.start();
  await here.clock.pass(24 * 60 * MINUTE);
  const pauses = here.sweeps.slice(1).map((at, index) => (at - (here.sweeps[index] ?? 0)) / MINUTE);
  assert.deepEqual(pauses.slice(0, 5), [20, 40, 60, 60, 60]);
  here.error = undefined;
  const before = here.sweeps.length;
  here.timer.soon();
  await here.clock.pass(11 * MINUTE);
  assert.equal(here.sweeps.length, before + 2);
});

test('one that is wanted while a sweep is under way follows it, whatever came of that', async () => {
  const here = scene();
  here.error = 'trelica.unreachable';
  here.takesMs = MINUTE;
  here.timer.start();
  await here.clock.pass(MINUTE / 2);
  here.timer.soon();
  await here.clock.pass(2 * MINUTE);
  assert.deepEqual(here.sweeps, [12_500, 85_000]);
  await here.clock.pass(10 * MINUTE);
  assert.equal(here.sweeps.length, 2);
});

test('a workflow that is named wrongly is no reason to look seldom', async () => {
  const here = scene();
  here.error = 'trelica.workflow-not-found';
  here.timer.start();
  await here.clock.pass(31 * MINUTE);
  assert.equal(here.sweeps.length, 4);
});

test('a timer that is switched off or stopped sweeps no more', async () => {
  const off = scene(0);
  off.timer.start();
  off.timer.soon();
  await off.clock.pass(60 * MINUTE);
  assert.deepEqual(off.sweeps, []);
  const stopped = scene();
  stopped.timer.start();
  await stopped.clock.pass(MINUTE);
  await stopped.timer.stop();
  await stopped.timer.stop();
  stopped.timer.soon();
  await stopped.clock.pass(60 * MINUTE);
  assert.equal(stopped.sweeps.length, 1);
});
