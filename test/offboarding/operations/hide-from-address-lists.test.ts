import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const HIDE = { 'hide-from-address-lists': {} };

test('the mailbox is hidden with a word about Send As, and shown again by an undo', async () => {
  const tenant = openTenant();
  const before = stateOf(tenant.truth, LEE);
  const { ending, report } = await offboardOn(tenant, HIDE);
  assert.equal(ending, 'continue');
  assert.equal(tenant.truth.named(LEE)[0]?.mailbox.isHidden, true);
  assert.deepEqual(
    report.findings.map(({ code }) => code),
    ['hidden-no-send-as'],
  );
  assert.equal((await undoOn(tenant, report)).ending, 'done');
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('a mailbox that is hidden already is left as it is, and an undo does not show it', async () => {
  const tenant = openTenant();
  const [lee] = tenant.truth.named(LEE);
  Object.assign(lee?.mailbox ?? {}, { isHidden: true });
  const { ending, report } = await offboardOn(tenant, HIDE);
  assert.deepEqual([ending, report.changes, report.findings], ['continue', [], []]);
  await undoOn(tenant, report);
  assert.equal(lee?.mailbox.isHidden, true);
});

test('a synchronised mailbox is not touched, and it says where to hide it', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, HIDE, { email: 'sven.synced@example.org' });
  assert.deepEqual(report.changes, []);
  assert.deepEqual(
    report.findings.map(({ code }) => code),
    ['hide-on-premises'],
  );
});
