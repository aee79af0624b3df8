import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultList } from '../../../src/sandbox/tenant/faults.ts';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const LEAVE = { 'leave-groups': {} };
const LIST = 'MailUniversalDistributionGroup';

function namesOf(tenant: Tenant): readonly string[] {
  const [state] = stateOf(tenant.truth, LEE);
  return (state?.groups ?? assert.fail('the leaver is not there')).map(({ name }) => name).sort();
}

const KEPT = ['Old Datacentre List', 'Project Phönix', 'Vault Access'];

test('lists are left, others are kept for a reason, and an undo joins again what was left', async () => {
  const tenant = openTenant();
  const before = namesOf(tenant);
  const { ending, report } = await offboardOn(tenant, LEAVE);
  assert.deepEqual([ending, namesOf(tenant)], ['continue', KEPT]);
  assert.deepEqual(report.skipped.map(({ what, reason }) => `${what}: ${reason}`).sort(), [
    'Old Datacentre List <old-datacentre@example.org>: synchronised from on-premises: remove the member there',
    'Project Phönix <project-phoenix@example.org>: Microsoft 365 groups cannot be changed with app-only sign-in',
    'Vault Access <vault-access@example.org>: a security group may give access: switched off by securityGroups: false',
  ]);
  await undoOn(tenant, report);
  assert.deepEqual(namesOf(tenant), before);
});

test('security groups are left only where that is asked for', async () => {
  const tenant = openTenant();
  await offboardOn(tenant, { 'leave-groups': { securityGroups: true } });
  assert.deepEqual(namesOf(tenant), KEPT.slice(0, 2));
});

/** The leaver is on every list there is. */
function inManyLists(): Tenant {
  const tenant = openTenant({ people: 30, groups: 60 });
  const [lee] = tenant.truth.named(LEE);
  for (const group of tenant.truth.all()) {
    if (group.kind === LIST && lee !== undefined) {
      group.members.add(lee.guid);
    }
  }
  return tenant;
}

const HALF = { cmdlet: 'Remove-DistributionGroupMember', share: 0.5, times: 100 };

test('where half of the lists fail, the others are left and the workflow waits; later the rest is', async () => {
  const tenant = inManyLists();
  const all = namesOf(tenant).length;
  tenant.faults.order(faultList.parse([{ kind: 'nothing-done', ...HALF }]));
  const first = await offboardOn(tenant, LEAVE);
  const left = namesOf(tenant).length - KEPT.length;
  assert.equal(first.ending, 'offboarding.not-verified');
  assert.ok(left > all / 4 && left < (all * 3) / 4, `${left} of ${all}`);
  assert.equal(first.report.verification?.left.length, left);
  tenant.faults.order([]);
  const again = await offboardOn(tenant, LEAVE, { report: first.report });
  assert.deepEqual([again.ending, namesOf(tenant)], ['continue', KEPT]);
  assert.equal(again.report.plan?.length, left);
});

test('where half of the lists refuse for good, the others are left and a person is told of each', async () => {
  const tenant = inManyLists();
  const message = "You don't have sufficient permissions.";
  const exception = 'System.InvalidOperationException';
  tenant.faults.order(faultList.parse([{ kind: 'refused', exception, message, ...HALF }]));
  const { ending, report } = await offboardOn(tenant, LEAVE);
  const refused = report.changes.filter(({ outcome }) => outcome === 'failed');
  assert.equal(ending, 'exchange.access-denied');
  assert.equal(refused.length, namesOf(tenant).length - KEPT.length);
  assert.ok(refused.length > 0 && refused.length < report.changes.length);
});
