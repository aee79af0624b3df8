import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

function kept(tenant: ReturnType<typeof openTenant>) {
  const [lee] = tenant.truth.named(LEE);
  return [lee?.mailbox.messageCopyForSentAs, lee?.mailbox.messageCopyForSendOnBehalf];
}

test('copies are kept, and no longer after an undo', async () => {
  const tenant = openTenant();
  const { ending, report } = await offboardOn(tenant, { 'sent-copies': {} });
  assert.deepEqual([ending, kept(tenant)], ['continue', [true, true]]);
  assert.equal((await undoOn(tenant, report)).ending, 'done');
  assert.deepEqual(kept(tenant), [false, false]);
});

test('one kind alone is asked for, and the other stays as it was', async () => {
  const tenant = openTenant();
  const [lee] = tenant.truth.named(LEE);
  Object.assign(lee?.mailbox ?? {}, { messageCopyForSendOnBehalf: true });
  const { report } = await offboardOn(tenant, { 'sent-copies': { onBehalf: false } });
  assert.deepEqual(kept(tenant), [true, true]);
  await undoOn(tenant, report);
  assert.deepEqual(kept(tenant), [false, true]);
});

test('a second run has nothing to do', async () => {
  const tenant = openTenant();
  await offboardOn(tenant, { 'sent-copies': {} });
  const { ending, report } = await offboardOn(tenant, { 'sent-copies': {} });
  assert.deepEqual([ending, report.plan], ['continue', []]);
});
