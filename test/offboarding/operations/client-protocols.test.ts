import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

function off(settings: object) {
  return { 'client-protocols': settings };
}

function switches(tenant: Tenant) {
  return tenant.truth.named(LEE)[0]?.mailbox.protocols ?? assert.fail('the leaver is not there');
}

test('devices and old programs are shut out, Outlook and the web are not, and an undo lets them in again', async () => {
  const tenant = openTenant();
  const before = stateOf(tenant.truth, LEE);
  const { ending, report } = await offboardOn(tenant, off({}));
  assert.deepEqual([ending, report.findings], ['continue', []]);
  assert.deepEqual(switches(tenant), {
    ...before[0]?.mailbox?.protocols,
    ActiveSyncEnabled: false,
    OutlookMobileEnabled: false,
    OWAforDevicesEnabled: false,
    PopEnabled: false,
    ImapEnabled: false,
    SmtpClientAuthenticationDisabled: true,
  });
  assert.equal((await undoOn(tenant, report)).ending, 'done');
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('one call changes what is not off yet, and a second run has nothing to do', async () => {
  const tenant = openTenant();
  switches(tenant)['PopEnabled'] = false;
  const { report } = await offboardOn(tenant, off({ protocols: ['pop', 'imap', 'smtp-auth'] }));
  const { Identity: _, ...parameters } = report.plan?.[0]?.parameters ?? {};
  assert.deepEqual(parameters, {
    ImapEnabled: false,
    SmtpClientAuthenticationDisabled: true,
    Confirm: false,
  });
  const again = await offboardOn(tenant, off({ protocols: ['pop', 'imap', 'smtp-auth'] }));
  assert.deepEqual([again.ending, again.report.plan], ['continue', []]);
  await undoOn(tenant, report);
  assert.deepEqual(
    [switches(tenant)['PopEnabled'], switches(tenant)['ImapEnabled']],
    [false, true],
  );
});

for (const [set, was] of [
  ['allowed', false],
  ['the organisation’s', null],
] as const) {
  test(`SMTP AUTH that was ${set} is so again after an undo`, async () => {
    const tenant = openTenant();
    switches(tenant)['SmtpClientAuthenticationDisabled'] = was;
    const { report } = await offboardOn(tenant, off({ protocols: ['smtp-auth'] }));
    assert.equal(switches(tenant)['SmtpClientAuthenticationDisabled'], true);
    await undoOn(tenant, report);
    assert.equal(switches(tenant)['SmtpClientAuthenticationDisabled'], was);
  });
}

test('what delegates may use is switched off with a warning', async () => {
  const tenant = openTenant();
  const { ending, report } = await offboardOn(tenant, off({ protocols: ['mapi', 'owa', 'pop'] }));
  assert.deepEqual([ending, switches(tenant)['MAPIEnabled']], ['continue', false]);
  assert.deepEqual(
    report.findings.map(({ code }) => code),
    ['protocol-of-delegates'],
  );
  assert.match(report.findings[0]?.sentence ?? '', /without owa, mapi:/);
});

test('a change that is seen late is waited for', async () => {
  const tenant = openTenant({ visibilityLagReads: 3 });
  assert.equal((await offboardOn(tenant, off({}))).ending, 'continue');
});

test('refused for good, the step is not completed', async () => {
  const tenant = openTenant();
  tenant.faults.order([
    {
      kind: 'refused',
      exception: 'System.InvalidOperationException',
      message: "You don't have sufficient permissions.",
      cmdlet: 'Set-CASMailbox',
      after: 0,
      times: 1,
    },
  ]);
  assert.equal((await offboardOn(tenant, off({}))).ending, 'exchange.access-denied');
});
