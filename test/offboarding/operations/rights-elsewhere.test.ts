import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const QUICK = { 'rights-elsewhere': {} };
const ALL = { 'rights-elsewhere': { fullAccess: true } };
const SARA = 'sara.shared@example.org';

function elsewhere(tenant: Tenant) {
  const [state] = stateOf(tenant.truth, LEE);
  return state?.rightsElsewhere ?? assert.fail('the leaver is not there');
}

function guidOf(tenant: Tenant, address: string): string {
  return tenant.truth.named(address)[0]?.guid ?? assert.fail(`nobody has ${address}`);
}

const NONE = { fullAccess: [], sendAs: [], sendOnBehalf: [] };

test('Send As and Send on Behalf on others are given up, and given back by an undo', async () => {
  const tenant = openTenant();
  const before = elsewhere(tenant);
  const { ending, report } = await offboardOn(tenant, QUICK);
  assert.deepEqual(
    [ending, elsewhere(tenant)],
    ['continue', { ...NONE, fullAccess: before.fullAccess }],
  );
  assert.deepEqual((await offboardOn(tenant, QUICK)).report.plan, []);
  assert.equal(tenant.calls.counts['Get-MailboxPermission'], undefined);
  assert.equal((await undoOn(tenant, report)).ending, 'done');
  assert.deepEqual(elsewhere(tenant), before);
});

test('Full Access is found by looking at every mailbox but the own, and the report tells how far it is', async () => {
  const tenant = openTenant({ people: 120 });
  const before = elsewhere(tenant);
  const { ending, report } = await offboardOn(tenant, ALL);
  assert.deepEqual([ending, elsewhere(tenant)], ['continue', NONE]);
  const { scan } = report;
  assert.equal(scan?.operation, 'rights-elsewhere');
  assert.ok(scan !== undefined && scan.looked === scan.of && scan.of > 100);
  // Each but the own once, and those with a right once more.
  const looks = tenant.calls.counts['Get-MailboxPermission'];
  assert.equal(looks, scan.of - 1 + before.fullAccess.length);
  await undoOn(tenant, report);
  assert.deepEqual(elsewhere(tenant), before);
});

test('a mailbox that is deleted while the scan goes on has nothing to give up', async () => {
  const tenant = openTenant();
  const [sara] = tenant.truth.named(SARA);
  beforeEachLook(tenant, () => Object.assign(sara ?? {}, { isSoftDeleted: true }));
  const { ending } = await offboardOn(tenant, {
    'rights-elsewhere': { sendAs: false, sendOnBehalf: false, fullAccess: true },
  });
  assert.deepEqual([ending, elsewhere(tenant).fullAccess], ['continue', []]);
});

test('a scan that does not find the person has seen nothing', async () => {
  const tenant = openTenant();
  const [lee] = tenant.truth.named(LEE);
  beforeEachLook(tenant, () => Object.assign(lee ?? {}, { isSoftDeleted: true }));
  const { ending } = await offboardOn(tenant, ALL);
  assert.equal(ending, 'exchange.not-found');
});

function beforeEachLook(tenant: Tenant, happens: () => void): void {
  const run = tenant.run.bind(tenant);
  tenant.run = (cmdlet, values) => {
    if (cmdlet === 'Get-MailboxPermission') {
      happens();
    }
    return run(cmdlet, values);
  };
}

test('what is denied or inherited is left as it is, and so is the own mailbox', async () => {
  const tenant = openTenant();
  const [lee] = tenant.truth.named(LEE);
  const [sara] = tenant.truth.named(SARA);
  const lees = lee?.guid ?? '';
  lee?.sendAs.add(lees);
  lee?.mailbox.grantSendOnBehalfTo.add(lees);
  const denied = { trustee: lees, rights: ['FullAccess'], autoMapping: false };
  sara?.mailboxRights.splice(
    0,
    9,
    { ...denied, deny: true, isInherited: false },
    { ...denied, deny: false, isInherited: true },
  );
  const { ending, report } = await offboardOn(tenant, ALL);
  assert.equal(ending, 'continue');
  assert.deepEqual([sara?.mailboxRights.length, lee?.sendAs.has(lees)], [2, true]);
  assert.ok(report.plan?.every(({ parameters }) => parameters['Identity'] !== lees));
});

test('a right on an object whose name two have is left alone, with the reason', async () => {
  const tenant = openTenant();
  const [sara] = tenant.truth.named(SARA);
  const [max] = tenant.truth.named('max.muster@example.org');
  Object.assign(max ?? {}, { name: sara?.name });
  const { ending, report } = await offboardOn(tenant, QUICK);
  assert.deepEqual([ending, elsewhere(tenant).sendAs], ['continue', [SARA]]);
  assert.match(report.skipped[0]?.reason ?? '', /not exactly one recipient/);
});

test('rights on groups with odd names are given up like any others', async () => {
  const tenant = openTenant();
  const readers = "o'brien.readers@example.org";
  tenant.truth.named(readers)[0]?.sendAs.add(guidOf(tenant, LEE));
  await offboardOn(tenant, QUICK);
  assert.deepEqual(elsewhere(tenant).sendAs, []);
});

test('an undo says what is not there any more, and gives the rest back', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, QUICK);
  const [sara] = tenant.truth.named(SARA);
  Object.assign(sara ?? {}, { isSoftDeleted: true });
  const undone = await undoOn(tenant, report);
  assert.deepEqual(
    [undone.ending, undone.report.findings.map(({ code }) => code)],
    ['done', ['right-object-gone']],
  );
  assert.deepEqual(elsewhere(tenant).sendOnBehalf, ['ada.boss@example.org']);
});

test('a lost answer is followed by a reading, a late one by another', async () => {
  const tenant = openTenant({ visibilityLagReads: 2 });
  const cmdlet = 'Remove-RecipientPermission';
  tenant.faults.order([{ kind: 'no-answer', cmdlet, after: 0, times: 1 }]);
  const first = await offboardOn(tenant, ALL);
  const second = await offboardOn(tenant, ALL, { report: first.report });
  assert.deepEqual([second.ending, elsewhere(tenant)], ['continue', NONE]);
});

test('a refusal keeps the step from being completed', async () => {
  const tenant = openTenant();
  const exception = 'System.InvalidOperationException';
  const message = "You don't have sufficient permissions.";
  const cmdlet = 'Remove-RecipientPermission';
  tenant.faults.order([{ kind: 'refused', exception, message, cmdlet, after: 0, times: 9 }]);
  assert.equal((await offboardOn(tenant, QUICK)).ending, 'exchange.access-denied');
});
