import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL_OPERATIONS, SCRIPT_OPERATIONS } from '../support/all-operations.ts';
import { barFor, countOurs, countScript } from '../support/count-calls.ts';

const GROUPS = [100, 1_000];

test("the script's work takes as many calls in a large tenant as in a small one, and twelve reads at most", async () => {
  const [small, large] = await Promise.all(
    GROUPS.map((groups) => countOurs(groups, SCRIPT_OPERATIONS)),
  );
  assert.deepEqual(large, small);
  assert.ok(small !== undefined && small.reads <= 12 && small.writes === small.changes);
});

test('the script itself reads the members of every list', () => {
  const [small, large] = GROUPS.map(countScript);
  // All lists, and of each the members; security, dynamic and Microsoft 365 groups it passes over.
  assert.deepEqual([small?.reads, large?.reads], [1 + 97, 1 + 997]);
});

test('with every operation, too, their number depends on what the leaver has, not on the tenant', async () => {
  const [small, large] = await Promise.all(
    GROUPS.map((groups) => countOurs(groups, ALL_OPERATIONS)),
  );
  assert.deepEqual(large, small);
  assert.ok(small !== undefined && small.reads + small.writes <= barFor(small));
});
