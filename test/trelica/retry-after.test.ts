import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAfterMs } from '../../src/trelica/retry-after.ts';

const date = 'Mon, 03 Mar 2025 10:00:00 GMT';

for (const [value, expected] of [
  ['30', 30_000],
  [' 30 ', 30_000],
  ['Mon, 03 Mar 2025 10:00:45 GMT', 45_000],
  ['86400', 3_600_000],
  ['Tue, 03 Mar 2026 10:00:00 GMT', 3_600_000],
  ['9'.repeat(400), 3_600_000],
  ['0', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['soon', undefined],
  ['', undefined],
  ['Mon, 03 Mar 2025 09:00:00 GMT', undefined],
  ['Mon, 99 Xyz 2025 10:00:45 GMT', undefined],
  ['2025-03-03T10:00:45Z', undefined],
] as const) {
  test(`Retry-After ${JSON.stringify(value.slice(0, 40))} means ${expected}`, () => {
    assert.equal(retryAfterMs(new Headers({ 'retry-after': value, date })), expected);
  });
}

test('without Retry-After nothing is known', () => {
  assert.equal(retryAfterMs(new Headers({ date })), undefined);
});

test('a date without the date of the answer says nothing', () => {
  assert.equal(retryAfterMs(new Headers({ 'retry-after': date })), undefined);
});
