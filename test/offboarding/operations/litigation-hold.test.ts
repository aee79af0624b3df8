import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

function hold(tenant: ReturnType<typeof openTenant>) {
  const [lee] = tenant.truth.named(LEE);
  return [lee?.mailbox.litigationHold, lee?.mailbox.litigationHoldDuration];
}

for (const [what, settings, shown] of [
  ['some days', { days: 365 }, '365.00:00:00'],
  ['ever', {}, 'Unlimited'],
] as const) {
  test(`the mailbox is held for ${what}, says that it needs a licence, and is let go by an undo`, async () => {
    const tenant = openTenant();
    const before = hold(tenant);
    const { ending, report } = await offboardOn(tenant, { 'litigation-hold': settings });
    assert.deepEqual([ending, hold(tenant)], ['continue', [true, shown]]);
    assert.deepEqual(
      report.findings.map(({ code }) => code),
      ['hold-needs-licence'],
    );
    assert.deepEqual((await offboardOn(tenant, { 'litigation-hold': settings })).report.plan, []);
    assert.equal((await undoOn(tenant, report)).ending, 'done');
    assert.deepEqual(hold(tenant), before);
  });
}

test('a longer hold is not made shorter, a shorter one is made longer and put back by an undo', async () => {
  const tenant = openTenant();
  await offboardOn(tenant, { 'litigation-hold': { days: 365 } });
  const shorter = await offboardOn(tenant, { 'litigation-hold': { days: 30 } });
  assert.deepEqual(shorter.report.plan, []);
  assert.match(shorter.report.skipped[0]?.reason ?? '', /not made shorter/);
  const longer = await offboardOn(tenant, { 'litigation-hold': { days: 730 } });
  assert.deepEqual(hold(tenant), [true, '730.00:00:00']);
  await undoOn(tenant, longer.report);
  assert.deepEqual(hold(tenant), [true, '365.00:00:00']);
});
