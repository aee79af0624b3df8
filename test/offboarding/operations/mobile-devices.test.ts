import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workflowPolicy } from '../../../src/offboarding/policy.ts';
import type { Report } from '../../../src/offboarding/report.ts';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const REMOVE = { 'mobile-devices': {} };
const WIPE = { 'mobile-devices': { wipe: 'account' } };
const ERASE = { 'mobile-devices': { wipe: 'device', dangerouslyEraseWholeDevice: true } };

function devices(tenant: Tenant) {
  const [state] = stateOf(tenant.truth, LEE);
  const found = state?.mailbox?.devices ?? assert.fail('the leaver has no devices');
  return found.map(({ isKnown, isWiped, accountWipes, fullWipes }) => ({
    isKnown,
    isWiped,
    accountWipes,
    fullWipes,
  }));
}

function codes({ findings }: Report) {
  return findings.map(({ code }) => code);
}

/** So many that every device has been in touch. */
function readOn(tenant: Tenant): void {
  for (let read = 0; read < 20; read += 1) {
    tenant.run('Get-AcceptedDomain', {});
  }
}

const FRESH = { isKnown: true, isWiped: false, accountWipes: 0, fullWipes: 0 };
const REMOVED = { ...FRESH, isKnown: false };

test('partnerships are removed and nothing is wiped; an undo says that it brings none back', async () => {
  const tenant = openTenant();
  const { ending, report } = await offboardOn(tenant, REMOVE);
  assert.deepEqual([ending, devices(tenant)], ['continue', [REMOVED, REMOVED]]);
  assert.deepEqual((await offboardOn(tenant, REMOVE)).report.plan, []);
  const undone = await undoOn(tenant, report);
  assert.deepEqual(codes(undone.report), ['cannot-undo', 'cannot-undo']);
});

test('an account is wiped once and the partnership stays until that is acknowledged', async () => {
  const tenant = openTenant();
  const { ending, report } = await offboardOn(tenant, WIPE);
  const asked = { ...FRESH, accountWipes: 1 };
  assert.deepEqual([ending, devices(tenant)], ['continue', [asked, asked]]);
  assert.equal(report.skipped.length, 2);
  const soon = await offboardOn(tenant, WIPE, { report });
  assert.deepEqual(
    [soon.report.plan, devices(tenant).map((one) => one.isKnown)],
    [[], [true, true]],
  );
  readOn(tenant);
  const later = await offboardOn(tenant, WIPE, { report: soon.report });
  const done = { isKnown: false, isWiped: true, accountWipes: 1, fullWipes: 0 };
  assert.deepEqual([later.ending, devices(tenant)], ['continue', [done, done]]);
  const undone = await undoOn(tenant, later.report);
  assert.deepEqual(new Set(codes(undone.report)), new Set(['wipe-not-called-back', 'cannot-undo']));
});

test('a wipe that is under way is not lost by removing the partnership', async () => {
  const tenant = openTenant();
  await offboardOn(tenant, WIPE);
  const { ending, report } = await offboardOn(tenant, REMOVE);
  assert.deepEqual([ending, report.plan], ['continue', []]);
  assert.deepEqual(
    devices(tenant).map(({ isKnown }) => isKnown),
    [true, true],
  );
});

test('everything on a device is erased only where that is said twice', async () => {
  const tenant = openTenant();
  const { ending } = await offboardOn(tenant, ERASE);
  // Outlook never gives more than its own account away.
  const [outlook, tablet] = devices(tenant);
  assert.deepEqual([ending, outlook?.accountWipes, tablet?.fullWipes], ['continue', 1, 1]);
  for (const half of [{ wipe: 'device' }, { dangerouslyEraseWholeDevice: true }]) {
    const policy = { workflow: 'a', operations: { 'mobile-devices': half } };
    assert.match(
      workflowPolicy.safeParse(policy).error?.message ?? '',
      /needs dangerouslyEraseWholeDevice/,
    );
  }
});

for (const [name, operations] of Object.entries({ account: WIPE, device: ERASE })) {
  test(`an undo calls back a wipe (${name}) that no device has acknowledged, and says so of others`, async () => {
    const tenant = openTenant();
    const early = await offboardOn(tenant, operations);
    const undone = await undoOn(tenant, early.report);
    readOn(tenant);
    assert.deepEqual([undone.ending, codes(undone.report)], ['done', []]);
    assert.ok(devices(tenant).every(({ isKnown, isWiped }) => isKnown && !isWiped));
    const other = openTenant();
    const late = await offboardOn(other, operations);
    readOn(other);
    assert.deepEqual(codes((await undoOn(other, late.report)).report), [
      'wipe-not-called-back',
      'wipe-not-called-back',
    ]);
  });
}

test('a wipe whose end nobody knows is never asked for again, unless it reads back as asked', async () => {
  const tenant = openTenant();
  tenant.faults.order([{ kind: 'no-answer', cmdlet: 'Clear-MobileDevice', after: 0, times: 1 }]);
  const first = await offboardOn(tenant, WIPE);
  const second = await offboardOn(tenant, WIPE, { report: first.report });
  assert.deepEqual(
    [second.ending, devices(tenant).map(({ accountWipes }) => accountWipes)],
    ['continue', [1, 1]],
  );
  const killed = openTenant();
  killed.faults.order([{ kind: 'nothing-done', cmdlet: 'Clear-MobileDevice', after: 0, times: 9 }]);
  const { report } = await offboardOn(killed, WIPE);
  const changes = report.changes.map((change) => ({ ...change, outcome: 'begun' as const }));
  const again = await offboardOn(killed, WIPE, { report: { ...report, changes } });
  assert.equal(again.ending, 'offboarding.outcome-unknown');
  assert.deepEqual(devices(killed), [FRESH, FRESH]);
});

test('a wipe that Exchange says it has asked for, and does not show, is neither done nor asked for again', async () => {
  const tenant = openTenant();
  tenant.faults.order([{ kind: 'nothing-done', cmdlet: 'Clear-MobileDevice', after: 0, times: 1 }]);
  const first = await offboardOn(tenant, WIPE);
  const second = await offboardOn(tenant, WIPE, { report: first.report });
  assert.deepEqual(
    [first.ending, second.ending],
    ['offboarding.not-verified', 'offboarding.not-verified'],
  );
  assert.deepEqual(
    devices(tenant).map(({ accountWipes }) => accountWipes),
    [0, 1],
  );
});

test('a device of which Exchange has no statistics is asked to wipe itself once', async () => {
  const tenant = openTenant();
  for (const device of tenant.truth.named(LEE)[0]?.mailbox.devices ?? []) {
    device.hasStatistics = false;
  }
  const { ending, report } = await offboardOn(tenant, WIPE);
  await offboardOn(tenant, WIPE, { report });
  const asked = { ...FRESH, accountWipes: 1 };
  assert.deepEqual([ending, devices(tenant)], ['continue', [asked, asked]]);
});

test('an answer with the devices of others wipes and removes nothing', async () => {
  const tenant = openTenant({ people: 30 });
  const run = tenant.run.bind(tenant);
  tenant.run = (cmdlet, values) => run(cmdlet, cmdlet === 'Get-MobileDevice' ? {} : values);
  const { ending, report } = await offboardOn(tenant, WIPE);
  assert.deepEqual([ending, report.changes], ['exchange.answer-invalid', []]);
});

test('a wipe seen late is asked for once', async () => {
  const tenant = openTenant({ visibilityLagReads: 3 });
  const first = await offboardOn(tenant, WIPE);
  await offboardOn(tenant, WIPE, { report: first.report });
  assert.deepEqual(
    devices(tenant).map(({ accountWipes }) => accountWipes),
    [1, 1],
  );
});

test('a partnership that cannot be removed keeps the step from being completed', async () => {
  const tenant = openTenant();
  const exception = 'System.InvalidOperationException';
  const message = "You don't have sufficient permissions.";
  const order = { kind: 'refused' as const, cmdlet: 'Remove-MobileDevice', after: 0, times: 9 };
  tenant.faults.order([{ ...order, exception, message }]);
  assert.equal((await offboardOn(tenant, REMOVE)).ending, 'exchange.access-denied');
});
