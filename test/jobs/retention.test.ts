import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { forgetOldJobs, startRetention } from '../../src/jobs/retention.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const DAY_MS = 24 * 3_600_000;

/** Old jobs that only their number is known of. */
function scene(jobs: number) {
  const asked: number[] = [];
  const clock = new VirtualClock();
  const parts = {
    left: jobs,
    failures: 0,
    asked,
    clock,
    store: {
      async forget(before: number, most: number) {
        asked.push(before);
        if (parts.failures > 0) {
          parts.failures -= 1;
          throw new Error('the disk is full');
        }
        const forgotten = Math.min(most, parts.left);
        parts.left -= forgotten;
        return forgotten;
      },
    },
  };
  const log = pino({ level: 'silent' });
  const end = startRetention({ store: parts.store, days: 730, clock, log });
  return Object.assign(parts, { end });
}

test('old jobs are deleted batch by batch, with room for others in between', async () => {
  const old = scene(250);
  await old.clock.pass(60_000);
  assert.equal(old.left, 150);
  await old.clock.pass(500);
  assert.equal(old.left, 0);
  assert.deepEqual(old.asked[0], 60_000 - 730 * DAY_MS);
});

test('a round without a service deletes them all at once', async () => {
  const old = scene(250);
  await forgetOldJobs({ store: old.store, days: 730, clock: old.clock });
  assert.equal(old.left, 0);
});

test('without old jobs it looks once an hour', async () => {
  const old = scene(0);
  await old.clock.pass(60_000 + 5 * 3_600_000);
  assert.equal(old.asked.length, 6);
});

test('a store that fails is asked again later', async () => {
  const old = scene(5);
  old.failures = 1;
  await old.clock.pass(60_000 + 3_600_000);
  assert.equal(old.left, 0);
});

test('what is stopped deletes no more', async () => {
  const old = scene(250);
  await old.clock.pass(60_000);
  old.end();
  await old.clock.pass(DAY_MS);
  assert.equal(old.left, 150);
});
