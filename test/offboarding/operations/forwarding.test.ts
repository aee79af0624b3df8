import assert from 'node:assert/strict';
import { test } from 'node:test';
import { populate } from '../../../src/sandbox/tenant/populate.ts';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, type Leaving, MAX, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const ADA = 'ada.boss@example.org';
const NAMESAKE = 'max.muster.2@example.org';
const HOME = 'lee.private@mail.example';
const NOWHERE = { recipient: null, smtpAddress: null, keepsCopy: false };

function forward(tenant: Tenant, settings: object = {}, leaving: Leaving = {}) {
  return offboardOn(tenant, { forwarding: settings }, leaving);
}

function current(tenant: Tenant) {
  return stateOf(tenant.truth, LEE)[0]?.mailbox?.forwarding;
}

function had(tenant: Tenant, inside: string | undefined, outside?: string): void {
  const guid = inside === undefined ? null : (tenant.truth.named(inside)[0]?.guid ?? null);
  Object.assign(tenant.truth.named(LEE)[0]?.mailbox ?? {}, {
    forwardingAddress: guid,
    forwardingSmtpAddress: outside ?? null,
  });
}

function codes({ report }: Awaited<ReturnType<typeof offboardOn>>): readonly string[] {
  return report.findings.map(({ code }) => code);
}

test('mail goes to the manager and stays too, and no longer after an undo', async () => {
  const tenant = openTenant();
  const before = stateOf(tenant.truth, LEE);
  const left = await forward(tenant);
  assert.deepEqual([left.ending, codes(left)], ['continue', []]);
  assert.deepEqual(current(tenant), { recipient: MAX, smtpAddress: null, keepsCopy: true });
  assert.deepEqual((await forward(tenant)).report.plan, []);
  assert.equal((await undoOn(tenant, left.report)).ending, 'done');
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('what the leaver forwarded home ends in the same call, and is back after an undo', async () => {
  const tenant = openTenant();
  had(tenant, ADA, HOME);
  const before = stateOf(tenant.truth, LEE);
  const { report } = await forward(tenant, { keepCopy: false });
  assert.equal(report.plan?.length, 1);
  assert.deepEqual(current(tenant), { recipient: MAX, smtpAddress: null, keepsCopy: false });
  assert.deepEqual(report.before?.['forwarding'], {
    recipient: {
      name: 'Ada Boss',
      guid: tenant.truth.named(ADA)[0]?.guid,
      address: ADA,
    },
    smtpAddress: HOME,
    keepsCopy: false,
  });
  await undoOn(tenant, report);
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('a namesake of the manager is not taken for them', async () => {
  const tenant = openTenant();
  had(tenant, NAMESAKE);
  const left = await forward(tenant);
  assert.deepEqual([current(tenant)?.recipient, codes(left)], [MAX, ['forwarding-former-unknown']]);
  const undone = await undoOn(tenant, left.report);
  assert.deepEqual(codes(undone), ['forwarding-former-unknown']);
  // Not to the wrong one of the two, and not to the manager any more.
  assert.deepEqual(current(tenant), NOWHERE);
});

test('a former recipient with an apostrophe in the name is found again', async () => {
  const tenant = openTenant();
  had(tenant, "o'brien.readers@example.org");
  const before = stateOf(tenant.truth, LEE);
  const { report } = await forward(tenant);
  await undoOn(tenant, report);
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('an address with an apostrophe is forwarded to, inside and outside', async () => {
  const inside = openTenant();
  await forward(inside, { to: "o'brien.readers@example.org" });
  assert.equal(current(inside)?.recipient, "o'brien.readers@example.org");
  const outside = openTenant();
  assert.equal((await forward(outside, { to: "o'hara@mail.example" })).ending, 'continue');
  assert.equal(current(outside)?.smtpAddress, "o'hara@mail.example");
});

test('an address outside is forwarded to, with a word about the policy that keeps it from arriving', async () => {
  for (const [autoForwarding, expected] of [
    ['Automatic', ['forwarding-blocked']],
    ['On', []],
  ] as const) {
    const directory = () => populate({ people: 0, groups: 0, seed: 1, autoForwarding });
    const tenant = new Tenant(directory, { seed: 1, visibilityLagReads: 0 });
    had(tenant, ADA);
    const left = await forward(tenant, { to: 'mailroom@partner.example' });
    assert.deepEqual([left.ending, codes(left)], ['continue', expected]);
    assert.deepEqual(current(tenant), {
      recipient: null,
      smtpAddress: 'mailroom@partner.example',
      keepsCopy: true,
    });
    await undoOn(tenant, left.report);
    assert.deepEqual(current(tenant), { ...NOWHERE, recipient: ADA });
  }
});

test('a mail user here whose mail goes outside has the same word', async () => {
  const left = await forward(openTenant(), { to: 'mia.mailuser@example.org' });
  assert.deepEqual([left.ending, codes(left)], ['continue', ['forwarding-blocked']]);
});

test('a policy can stop at forwarding that would not arrive', async () => {
  const tenant = openTenant();
  const findings = { 'forwarding-blocked': 'stop' };
  const left = await forward(tenant, { to: HOME }, { findings });
  assert.deepEqual([left.ending, current(tenant)], ['offboarding.stopped-by-finding', NOWHERE]);
});

test('all forwarding can be ended, and comes back by an undo', async () => {
  const tenant = openTenant();
  had(tenant, ADA, HOME);
  const before = stateOf(tenant.truth, LEE);
  const { ending, report } = await forward(tenant, { to: 'none' });
  assert.deepEqual([ending, current(tenant)], ['continue', NOWHERE]);
  assert.deepEqual((await forward(tenant, { to: 'none' })).report.plan, []);
  await undoOn(tenant, report);
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

const NOBODY: readonly [Leaving, object, string][] = [
  [{ manager: null }, {}, 'manager-none'],
  [{ manager: LEE }, {}, 'delegate-is-leaver'],
  [{ manager: 'max@elsewhere.example' }, {}, 'delegate-missing'],
  [{}, { to: 'left.long-ago@example.org' }, 'delegate-missing'],
  [{}, { to: 'tom.twin@example.org' }, 'delegate-ambiguous'],
];
for (const [leaving, settings, code] of NOBODY) {
  test(`${JSON.stringify({ ...leaving, ...settings })} is ${code}: old forwarding ends, no new one begins`, async () => {
    const tenant = openTenant();
    had(tenant, undefined, HOME);
    const left = await forward(tenant, settings, leaving);
    assert.deepEqual([left.ending, codes(left)], ['continue', [code]]);
    assert.deepEqual(current(tenant), NOWHERE);
  });
}

test('forwarding that is seen late is waited for, and one nobody set keeps the step from being completed', async () => {
  assert.equal((await forward(openTenant({ visibilityLagReads: 3 }))).ending, 'continue');
  const tenant = openTenant();
  tenant.faults.order([{ kind: 'nothing-done', cmdlet: 'Set-Mailbox', after: 0, times: 9 }]);
  assert.equal((await forward(tenant)).ending, 'offboarding.not-verified');
});
