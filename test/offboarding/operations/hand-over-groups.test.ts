import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, type Leaving, MAX, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const ADA = 'ada.boss@example.org';
const BUYERS = 'buyers@example.org';
const READERS = "o'brien.readers@example.org";
const VAULT = 'vault-access@example.org';

function handOver(tenant: Tenant, settings: object = {}, leaving: Leaving = {}) {
  return offboardOn(tenant, { 'hand-over-groups': settings }, leaving);
}

function owners(tenant: Tenant, group: string): readonly string[] {
  return [...(stateOf(tenant.truth, group)[0]?.owners ?? [])].sort();
}

function own(tenant: Tenant, group: string, ...who: string[]): void {
  const guids = who.map((one) => tenant.truth.named(one)[0]?.guid ?? assert.fail(one));
  Object.assign(tenant.truth.named(group)[0] ?? {}, { managedBy: new Set(guids) });
}

function skipped({ report }: Awaited<ReturnType<typeof offboardOn>>) {
  return Object.fromEntries(
    report.skipped.map(({ what, reason }) => [what.split(' <')[0], reason]),
  );
}

test('the manager owns the groups instead of the leaver, one call each, and gives them back by an undo', async () => {
  const tenant = openTenant();
  const before = [stateOf(tenant.truth, LEE), owners(tenant, BUYERS), owners(tenant, READERS)];
  const left = await handOver(tenant);
  assert.deepEqual([left.ending, left.report.plan?.length], ['continue', 2]);
  assert.deepEqual(owners(tenant, BUYERS), [ADA, MAX]);
  assert.deepEqual(owners(tenant, READERS), [MAX]);
  assert.deepEqual(skipped(left), {
    'Old Datacentre List': 'synchronised from on-premises: change its owner there',
    'Project Phönix': 'Microsoft 365 groups cannot be changed with app-only sign-in',
  });
  assert.deepEqual((await handOver(tenant)).report.plan, []);
  assert.equal((await undoOn(tenant, left.report)).ending, 'done');
  assert.deepEqual(
    [stateOf(tenant.truth, LEE), owners(tenant, BUYERS), owners(tenant, READERS)],
    before,
  );
});

test('a successor who owns a group already is not added, and still owns it after an undo', async () => {
  const tenant = openTenant();
  const { ending, report } = await handOver(tenant, { to: ADA });
  assert.deepEqual([ending, owners(tenant, BUYERS)], ['continue', [ADA]]);
  const change = report.plan?.find(({ sentence }) => sentence.includes('Buyers'));
  assert.deepEqual(change?.parameters['ManagedBy'], {
    $type: 'change',
    add: [],
    remove: [tenant.truth.named(LEE)[0]?.guid],
  });
  await undoOn(tenant, report);
  assert.deepEqual(owners(tenant, BUYERS), [ADA, LEE]);
  assert.deepEqual(owners(tenant, READERS), [LEE]);
});

test('a namesake of the successor among the owners is not taken for them', async () => {
  const tenant = openTenant();
  own(tenant, BUYERS, LEE, 'max.muster.2@example.org');
  await handOver(tenant);
  assert.deepEqual(owners(tenant, BUYERS), ['max.muster.2@example.org', MAX]);
});

test('security groups are handed over only on request', async () => {
  const tenant = openTenant();
  own(tenant, VAULT, LEE);
  assert.match(skipped(await handOver(tenant))['Vault Access'] ?? '', /securityGroups: false/);
  assert.deepEqual(owners(tenant, VAULT), [LEE]);
  await handOver(tenant, { securityGroups: true });
  assert.deepEqual(owners(tenant, VAULT), [MAX]);
});

test('room lists are handed over, dynamic groups are left with the reason', async () => {
  const tenant = openTenant();
  own(tenant, 'rooms-2@example.org', LEE);
  own(tenant, 'sales@example.org', LEE);
  const left = await handOver(tenant);
  assert.deepEqual(owners(tenant, 'rooms-2@example.org'), [MAX]);
  assert.equal(skipped(left)['Everyone in Sales'], 'a dynamic group: change its owner by hand');
});

test('without a successor groups stay, also those with other owners, and the report says why', async () => {
  const tenant = openTenant();
  const left = await handOver(tenant, {}, { manager: null });
  assert.deepEqual([left.ending, left.report.plan], ['continue', []]);
  assert.deepEqual(
    left.report.findings.map(({ code }) => code),
    ['manager-none'],
  );
  const reasons = skipped(left);
  assert.equal(reasons['Buyers'], 'nobody is there to take it over');
  assert.match(reasons["O'Brien\u2019s Readers"] ?? '', /the leaver is its only owner/);
});

test('groups with other owners can be left to them; the others are never without owner', async () => {
  const tenant = openTenant();
  const settings = { withOtherOwners: 'leave-to-them' };
  const left = await handOver(tenant, settings, { manager: null });
  assert.equal(left.ending, 'continue');
  assert.deepEqual(owners(tenant, BUYERS), [ADA]);
  assert.deepEqual(owners(tenant, READERS), [LEE]);
  await undoOn(tenant, left.report);
  assert.deepEqual(owners(tenant, BUYERS), [ADA, LEE]);
});

test('who leaves no groups needs no successor', async () => {
  const { report } = await handOver(openTenant(), {}, { email: 'li.na@example.org', manager: LEE });
  assert.deepEqual(report.findings, []);
});

const NOT_TO: readonly [string, string][] = [
  [LEE, 'delegate-is-leaver'],
  ['tom.twin@example.org', 'delegate-ambiguous'],
  ['newsletter@example.org', 'delegate-not-eligible'],
];
for (const [to, code] of NOT_TO) {
  test(`${to} as the successor is ${code}, and nothing is changed`, async () => {
    const { report } = await handOver(openTenant(), { to });
    assert.deepEqual([report.plan, report.findings[0]?.code], [[], code]);
  });
}

test('an undo leaves a successor alone whose address somebody else has now', async () => {
  const tenant = openTenant();
  const { report } = await handOver(tenant, { to: ADA });
  const before = report.before?.['hand-over-groups'] as { successor: { guid: string } };
  before.successor.guid = tenant.truth.named('li.na@example.org')[0]?.guid ?? '';
  const undone = await undoOn(tenant, report);
  assert.deepEqual(
    undone.report.findings.map(({ code }) => code),
    ['delegate-changed'],
  );
  assert.deepEqual(owners(tenant, READERS), [ADA, LEE]);
});

test('half the groups refused: the step is not completed, and what was handed over comes back', async () => {
  const tenant = openTenant();
  const before = stateOf(tenant.truth, LEE);
  tenant.faults.order([
    {
      kind: 'refused',
      exception: 'System.InvalidOperationException',
      message: "You don't have sufficient permissions.",
      cmdlet: 'Set-DistributionGroup',
      after: 1,
      times: 1,
    },
  ]);
  const { ending, report } = await handOver(tenant);
  assert.equal(ending, 'exchange.access-denied');
  tenant.faults.order([]);
  await undoOn(tenant, report);
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('a change of owners that is seen late is waited for', async () => {
  const tenant = openTenant({ visibilityLagReads: 4 });
  const { ending, report } = await handOver(tenant);
  assert.equal(ending, 'continue');
  assert.equal(report.changes.filter(({ outcome }) => outcome === 'done').length, 2);
});
