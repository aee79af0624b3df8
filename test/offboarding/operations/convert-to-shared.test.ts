import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultList } from '../../../src/sandbox/tenant/faults.ts';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import { LEE, offboardOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const CONVERT = { 'convert-to-shared': {} };

function codes({ report }: Awaited<ReturnType<typeof offboardOn>>): readonly string[] {
  return report.findings.map(({ code }) => code);
}

test('a large mailbox with archive and holds is converted, and the result says that the licence must stay', async () => {
  const tenant = openTenant();
  const left = await offboardOn(tenant, CONVERT, { email: 'heidi.held@example.org' });
  assert.equal(left.ending, 'continue');
  assert.deepEqual(codes(left), [
    'mailbox-over-50-gb',
    'mailbox-has-archive',
    'mailbox-on-hold',
    'mailbox-has-in-place-holds',
  ]);
  assert.deepEqual(left.report.after?.['convert-to-shared'], {
    type: 'SharedMailbox',
    sizeBytes: 61 * 2 ** 30,
    licenceNeededFor: [
      'larger than 50 GB',
      'it has an archive',
      'litigation hold',
      '1 in-place holds',
    ],
  });
});

test('a policy that stops at a hold leaves the mailbox as it is', async () => {
  const tenant = openTenant();
  const email = 'heidi.held@example.org';
  const left = await offboardOn(tenant, CONVERT, {
    email,
    findings: { 'mailbox-on-hold': 'stop' },
  });
  assert.equal(left.ending, 'offboarding.stopped-by-finding');
  assert.equal(stateOf(tenant.truth, email)[0]?.type, 'UserMailbox');
});

test('a synchronised mailbox is converted with a word about the other side', async () => {
  const left = await offboardOn(openTenant(), CONVERT, { email: 'sven.synced@example.org' });
  assert.deepEqual([left.ending, codes(left)], ['continue', ['mailbox-synchronised']]);
});

test('a mailbox that is shared already is no news, unless the policy wants to know', async () => {
  const email = 'sara.shared@example.org';
  const silent = await offboardOn(openTenant(), CONVERT, { email });
  assert.deepEqual([silent.ending, codes(silent), silent.report.plan], ['continue', [], []]);
  const findings = { 'mailbox-already-shared': 'stop' };
  const told = await offboardOn(openTenant(), CONVERT, { email, findings });
  assert.equal(told.ending, 'offboarding.stopped-by-finding');
});

test('a mailbox we made shared ourselves stops no later attempt', async () => {
  const tenant = openTenant();
  const findings = { 'mailbox-already-shared': 'stop' };
  const { report } = await offboardOn(tenant, CONVERT, { findings });
  assert.equal((await offboardOn(tenant, CONVERT, { findings, report })).ending, 'continue');
  assert.equal(stateOf(tenant.truth, LEE)[0]?.type, 'SharedMailbox');
});

test('a size that cannot be read is said, not guessed', async () => {
  const tenant = openTenant();
  const [lee] = tenant.truth.named(LEE);
  Object.assign(lee?.mailbox ?? {}, { sizeBytes: Number.NaN });
  assert.deepEqual(codes(await offboardOn(tenant, CONVERT)), ['mailbox-size-unknown']);
});

const NOBODY: readonly [string, string][] = [
  ['nick.nomail@example.org', 'mailbox-missing'],
  ['dora.deleted@example.org', 'mailbox-soft-deleted'],
  ['tom.twin@example.org', 'mailbox-ambiguous'],
  ['mia.mailuser@example.org', 'not-a-mailbox'],
];
for (const [email, code] of NOBODY) {
  test(`${email} is ${code}: stopped, or passed over where the policy says so`, async () => {
    const tenant = openTenant();
    const stopped = await offboardOn(tenant, CONVERT, { email });
    assert.deepEqual([stopped.ending, codes(stopped)], ['offboarding.stopped-by-finding', [code]]);
    const passed = await offboardOn(tenant, CONVERT, { email, findings: { [code]: 'warn' } });
    assert.equal(passed.ending, 'continue');
    assert.deepEqual(codes(passed), [code]);
  });
}

const SVEN = 'sven.synced@example.org';

test('a synchronised mailbox that is turned back an hour later was told of, and is converted anew', async () => {
  const tenant = openTenant();
  tenant.faults.order(faultList.parse([{ kind: 'flip-back', reads: 1, cmdlet: 'Set-Mailbox' }]));
  const first = await offboardOn(tenant, CONVERT, { email: SVEN });
  assert.deepEqual([first.ending, codes(first)], ['continue', ['mailbox-synchronised']]);
  assert.match(first.report.findings[0]?.sentence ?? '', /Set-RemoteMailbox -Type Shared/);
  assert.equal(stateOf(tenant.truth, SVEN)[0]?.type, 'UserMailbox');
  const again = await offboardOn(tenant, CONVERT, { email: SVEN });
  assert.deepEqual([again.ending, again.report.changes.length], ['continue', 1]);
  assert.equal(stateOf(tenant.truth, SVEN)[0]?.type, 'SharedMailbox');
});

test('one that is turned back before it is read again keeps the workflow waiting', async () => {
  const tenant = openTenant({ visibilityLagReads: 1 });
  const flipBack = { kind: 'flip-back', reads: 1, cmdlet: 'Set-Mailbox', times: 9 };
  tenant.faults.order(faultList.parse([flipBack]));
  const left = await offboardOn(tenant, CONVERT, { email: SVEN });
  assert.equal(left.ending, 'offboarding.not-verified');
});

test('where the policy says so, a synchronised mailbox is left to whoever looks after the other side', async () => {
  const tenant = openTenant();
  const findings = { 'mailbox-synchronised': 'stop' };
  const left = await offboardOn(tenant, CONVERT, { email: SVEN, findings });
  assert.deepEqual([left.ending, left.report.changes], ['offboarding.stopped-by-finding', []]);
});

test('a mailbox that became a room meanwhile is left as it is', async () => {
  const tenant = openTenant();
  const run = tenant.run.bind(tenant);
  tenant.run = (cmdlet, values) => {
    Object.assign(tenant.truth.named(LEE)[0] ?? {}, cmdlet === 'Get-Mailbox' ? ROOM : {});
    return run(cmdlet, values);
  };
  const left = await offboardOn(tenant, CONVERT);
  assert.equal(left.ending, 'offboarding.stopped-by-finding');
  assert.deepEqual(codes(left), ['mailbox-not-convertible']);
});

const ROOM = { kind: 'RoomMailbox' };
