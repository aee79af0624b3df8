import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideRetry } from '../../src/jobs/retry.ts';

const SETTINGS = { maxAttempts: 3 };
const most = () => 0.999_999;
const least = () => 0;

test('what no attempt can cure is given up at once', () => {
  assert.deepEqual(decideRetry({ retry: 'never', failures: 1 }, SETTINGS, most), {
    kind: 'give-up',
  });
});

test('a limited fault is tried so often and then given up', () => {
  const kinds = [1, 2, 3].map(
    (failures) => decideRetry({ retry: 'limited', failures }, SETTINGS, most).kind,
  );
  assert.deepEqual(kinds, ['again', 'again', 'give-up']);
});

test('an outage is never given up, and its pauses end at a quarter of an hour', () => {
  const decision = decideRetry({ retry: 'outage', failures: 10_000 }, SETTINGS, most);
  assert.deepEqual(decision, { kind: 'again', afterMs: 15 * 60_000 });
});

test('pauses double and are jittered between half and whole', () => {
  const pauses = [1, 2, 3].map((failures) =>
    [least, most].map((random) => {
      const decision = decideRetry({ retry: 'outage', failures }, SETTINGS, random);
      return decision.kind === 'again' ? decision.afterMs : undefined;
    }),
  );
  assert.deepEqual(pauses, [
    [2_500, 5_000],
    [5_000, 10_000],
    [10_000, 20_000],
  ]);
});

test('what the other side asks for is waited for, but not longer than a day', () => {
  const asked = (askedMs: number) =>
    decideRetry({ retry: 'outage', failures: 1, askedMs }, SETTINGS, least);
  assert.deepEqual(asked(60_000), { kind: 'again', afterMs: 60_000 });
  assert.deepEqual(asked(1), { kind: 'again', afterMs: 2_500 });
  assert.deepEqual(asked(Number.MAX_SAFE_INTEGER), { kind: 'again', afterMs: 24 * 3_600_000 });
});
