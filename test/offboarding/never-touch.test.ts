import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../src/sandbox/tenant/tenant.ts';
import { LEE, offboardOn, undoOn } from '../support/one-leaver.ts';
import { openTenant } from '../support/tenant-exchange.ts';

const OPERATIONS = {
  'delegate-access': {},
  'rights-elsewhere': { fullAccess: true },
  'hand-over-groups': {},
  'leave-groups': {},
};
const SARA = 'sara.shared@example.org';
const BUYERS = 'buyers@example.org';
const REASON = 'on the list of those never to touch';

function held(tenant: Tenant) {
  const [state] = stateOf(tenant.truth, LEE);
  const { rightsElsewhere, groups, groupsOwned } = state ?? assert.fail('the leaver is not there');
  const names = (some: readonly { name: string }[]) => some.map(({ name }) => name);
  return { ...rightsElsewhere, groups: names(groups), groupsOwned: names(groupsOwned) };
}

test('what is on the list stays as it is also where somebody else leaves, and the report says why', async () => {
  const tenant = openTenant();
  const before = held(tenant);
  const brakes = { neverTouch: [SARA, BUYERS] };
  const { ending, report } = await offboardOn(tenant, OPERATIONS, { brakes });
  const after = held(tenant);
  assert.equal(ending, 'continue');
  assert.deepEqual([after.fullAccess, after.sendAs, after.sendOnBehalf], [[SARA], [SARA], []]);
  assert.ok(before.groups.length > after.groups.length && after.groups.includes('Buyers'));
  assert.ok(after.groupsOwned.includes('Buyers'));
  assert.deepEqual(
    report.skipped.flatMap(({ what, reason }) => (reason === REASON ? [what] : [])),
    [
      `Send As on Sara Shared <${SARA}>`,
      `Full Access on Sara Shared <${SARA}>`,
      `Buyers <${BUYERS}>`,
      `Buyers <${BUYERS}>`,
    ],
  );
});

test('any of its addresses protects a mailbox', async () => {
  const tenant = openTenant();
  const [sara] = tenant.truth.named(SARA);
  Object.assign(sara ?? {}, { otherAddresses: ['Front.Desk@example.org'] });
  await offboardOn(tenant, OPERATIONS, { brakes: { neverTouch: ['front.desk@example.org'] } });
  assert.deepEqual(held(tenant).sendAs, [SARA]);
});

test('who is on the list may be given what the leaver had', async () => {
  const tenant = openTenant();
  const brakes = { neverTouch: ['max.muster@example.org'] };
  const { ending } = await offboardOn(tenant, OPERATIONS, { brakes });
  const [state] = stateOf(tenant.truth, LEE);
  assert.deepEqual([ending, state?.fullAccess], ['continue', ['max.muster@example.org']]);
});

test('an undo, too, leaves alone what came onto the list meanwhile', async () => {
  const tenant = openTenant();
  const before = held(tenant);
  const { report } = await offboardOn(tenant, OPERATIONS);
  const brakes = { neverTouch: [SARA, BUYERS] };
  const undone = await undoOn(tenant, report, { brakes });
  const after = held(tenant);
  assert.deepEqual(
    [undone.ending, after.sendAs, after.fullAccess.includes(SARA)],
    ['done', [], false],
  );
  assert.deepEqual(
    after.groups,
    before.groups.filter((name) => name !== 'Buyers'),
  );
});
