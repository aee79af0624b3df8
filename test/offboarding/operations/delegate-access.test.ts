import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, MAX, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const ADA = 'ada.boss@example.org';
const VAULT = 'vault-access@example.org';

function leaver(tenant: Tenant) {
  const [state] = stateOf(tenant.truth, LEE);
  return state ?? assert.fail('the leaver is not there');
}

function delegate(settings: object) {
  return { 'delegate-access': settings };
}

test('the manager, named people and security groups get the rights that are switched on', async () => {
  const tenant = openTenant();
  const to = ['manager', ADA, VAULT];
  const { ending } = await offboardOn(tenant, delegate({ to, sendOnBehalf: true }));
  assert.equal(ending, 'continue');
  const state = leaver(tenant);
  assert.deepEqual(state.fullAccess, [MAX, ADA, VAULT]);
  assert.deepEqual(state.sendAs, [MAX, ADA, VAULT]);
  assert.deepEqual(state.sendOnBehalf, [MAX, ADA, VAULT]);
});

test('a delegate named twice is given a right once', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, delegate({ to: ['manager', MAX], sendAs: false }));
  assert.equal(report.plan?.length, 1);
});

test('auto-mapping is as the settings say', async () => {
  for (const autoMapping of [true, false]) {
    const tenant = openTenant();
    await offboardOn(tenant, delegate({ autoMapping }));
    const [lee] = tenant.truth.named(LEE);
    assert.deepEqual(
      lee?.mailboxRights.map((right) => right.autoMapping),
      [autoMapping],
    );
  }
});

test('the rights of others stay, through an undo too', async () => {
  const tenant = openTenant();
  const [lee] = tenant.truth.named(LEE);
  const [ada] = tenant.truth.named(ADA);
  lee?.sendAs.add(ada?.guid ?? '');
  lee?.mailbox.grantSendOnBehalfTo.add(ada?.guid ?? '');
  const { report } = await offboardOn(tenant, delegate({ sendOnBehalf: true }));
  assert.deepEqual(leaver(tenant).sendOnBehalf, [ADA, MAX]);
  await undoOn(tenant, report);
  assert.deepEqual([leaver(tenant).sendAs, leaver(tenant).sendOnBehalf], [[ADA], [ADA]]);
});

const ABSENT: readonly [string, string][] = [
  ['left.long-ago@example.org', 'delegate-missing'],
  ['tom.twin@example.org', 'delegate-ambiguous'],
  [LEE, 'delegate-is-leaver'],
  ['buyers@example.org', 'delegate-not-eligible'],
];
for (const [who, code] of ABSENT) {
  test(`${who} as a delegate is ${code}, and the others get their rights`, async () => {
    const tenant = openTenant();
    const { ending, report } = await offboardOn(tenant, delegate({ to: [who, 'manager'] }));
    assert.equal(ending, 'continue');
    assert.deepEqual(
      report.findings.map((finding) => finding.code),
      [code],
    );
    assert.deepEqual(leaver(tenant).fullAccess, [MAX]);
  });
}

test('a guest outside the domains of the organisation gets no Send As, and the report says why', async () => {
  const tenant = openTenant();
  const guest = 'mia.mailuser@example.org';
  const [mia] = tenant.truth.named(guest);
  Object.assign(mia ?? {}, { primaryAddress: 'mia@elsewhere.example', otherAddresses: [guest] });
  const { ending, report } = await offboardOn(tenant, delegate({ to: [guest] }));
  assert.equal(ending, 'continue');
  assert.deepEqual(
    report.findings.map(({ code }) => code),
    ['delegate-outside-domains'],
  );
  assert.deepEqual([leaver(tenant).fullAccess.length, leaver(tenant).sendAs], [1, []]);
});

test('somebody who has the address of a former delegate loses nothing by an undo', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, delegate({ sendAs: false }));
  const [max] = tenant.truth.named(MAX);
  const [ada] = tenant.truth.named(ADA);
  const [lee] = tenant.truth.named(LEE);
  Object.assign(max ?? {}, { primaryAddress: 'gone@example.org', otherAddresses: [] });
  Object.assign(ada ?? {}, { otherAddresses: [MAX] });
  lee?.mailboxRights.push({
    trustee: ada?.guid ?? '',
    rights: ['FullAccess'],
    isInherited: false,
    deny: false,
    autoMapping: false,
  });
  const undone = await undoOn(tenant, report);
  assert.deepEqual(
    undone.report.findings.map(({ code }) => code),
    ['delegate-changed'],
  );
  assert.equal(lee?.mailboxRights.length, 2);
});
