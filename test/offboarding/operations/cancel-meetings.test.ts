import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workflowPolicy } from '../../../src/offboarding/policy.ts';
import type { FaultOrder } from '../../../src/sandbox/tenant/faults.ts';
import { faultList } from '../../../src/sandbox/tenant/faults.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const CANCEL = { 'cancel-meetings': { days: 365 } };
const ALL = ['Buyers’ weekly', 'Supplier review', 'Kick-off', 'Dentist', 'All hands'];

function calendar(tenant: Tenant) {
  const [lee] = tenant.truth.named(LEE);
  const { meetings, cancellationRuns } = lee?.mailbox.calendar ?? assert.fail('no calendar');
  return { subjects: meetings.map(({ subject }) => subject), cancellationRuns };
}

/** Strikes at the order itself, not at the preview before it. */
function ordered(fault: FaultOrder): Tenant {
  const tenant = openTenant();
  tenant.faults.order(faultList.parse([{ cmdlet: 'Remove-CalendarEvents', after: 1, ...fault }]));
  return tenant;
}

test('meetings in the window that others were called to are cancelled once, whatever comes after', async () => {
  const tenant = openTenant();
  const { ending, report } = await offboardOn(tenant, CANCEL);
  const cancelled = { subjects: ['Kick-off', 'Dentist', 'All hands'], cancellationRuns: 1 };
  assert.deepEqual([ending, calendar(tenant)], ['continue', cancelled]);
  const again = await offboardOn(tenant, CANCEL, { report });
  assert.deepEqual([again.ending, calendar(tenant)], ['continue', cancelled]);
  const undone = await undoOn(tenant, again.report);
  assert.deepEqual(
    undone.report.findings.map(({ code }) => code),
    ['cannot-undo'],
  );
  await offboardOn(tenant, CANCEL, { report: again.report });
  assert.deepEqual(calendar(tenant), cancelled);
});

test('only the preview is read, once for an attempt', async () => {
  const tenant = openTenant();
  await offboardOn(tenant, CANCEL, { findings: { 'meetings-cancelled-for-good': 'stop' } });
  assert.deepEqual(calendar(tenant), { subjects: ALL, cancellationRuns: 0 });
  await offboardOn(tenant, CANCEL);
  const { log } = tenant.calls;
  const previews = log.filter(({ parameters }) => parameters['PreviewOnly'] === true);
  assert.equal(previews.length, 2);
});

test('the job whose process died after the order does not give it again: a person looks', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, CANCEL);
  const changes = report.changes.map((change) => ({ ...change, outcome: 'begun' as const }));
  const again = await offboardOn(tenant, CANCEL, { report: { ...report, changes } });
  assert.equal(again.ending, 'offboarding.outcome-unknown');
  assert.equal(calendar(tenant).cancellationRuns, 1);
});

test('an order whose answer was lost is not given again', async () => {
  const tenant = ordered({ kind: 'no-answer' });
  const first = await offboardOn(tenant, CANCEL);
  const again = await offboardOn(tenant, CANCEL, { report: first.report });
  assert.equal(again.ending, 'offboarding.outcome-unknown');
  assert.ok(again.report.findings.some(({ code }) => code === 'outcome-unknown'));
  assert.equal(calendar(tenant).cancellationRuns, 1);
});

test('an order that was turned away for load is given again', async () => {
  const tenant = ordered({ kind: 'throttled' });
  const first = await offboardOn(tenant, CANCEL);
  assert.deepEqual([first.ending, calendar(tenant).cancellationRuns], ['exchange.throttled', 0]);
  const again = await offboardOn(tenant, CANCEL, { report: first.report });
  assert.deepEqual([again.ending, calendar(tenant).cancellationRuns], ['continue', 1]);
});

test('a refused order keeps the step from being completed', async () => {
  const exception = 'System.InvalidOperationException';
  const message = "You don't have sufficient permissions.";
  const tenant = ordered({ kind: 'refused', exception, message });
  assert.equal((await offboardOn(tenant, CANCEL)).ending, 'exchange.access-denied');
});

for (const days of [undefined, 0, 1_826, 1.5]) {
  test(`${days} days are not accepted`, () => {
    const operations = { 'cancel-meetings': days === undefined ? {} : { days } };
    assert.equal(workflowPolicy.safeParse({ workflow: 'a', operations }).success, false);
  });
}
