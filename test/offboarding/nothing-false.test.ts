import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EMPTY_REPORT, type Report } from '../../src/offboarding/report.ts';
import { type FaultOrder, faultList } from '../../src/sandbox/tenant/faults.ts';
import { stateOf } from '../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../src/sandbox/tenant/tenant.ts';
import { LEE, type Left, MAX, offboardOn, undoOn } from '../support/one-leaver.ts';
import { openTenant } from '../support/tenant-exchange.ts';

const OPERATIONS = {
  'inbox-rules': {},
  'mobile-devices': { wipe: 'account' },
  'cancel-meetings': { days: 100 },
  'auto-reply': { internal: '{{person.name}} has left. Ask {{manager.name}}.', external: 'Gone.' },
  forwarding: {},
  'delegate-access': { sendOnBehalf: true },
  'rights-elsewhere': { fullAccess: true },
  'sent-copies': {},
  'hand-over-groups': {},
  'leave-groups': {},
  'client-protocols': {},
  'litigation-hold': { days: 30 },
  'convert-to-shared': {},
  'hide-from-address-lists': {},
};
const CMDLETS = [
  'Get-Recipient',
  'Get-Mailbox',
  'Get-MailboxStatistics',
  'Get-MailboxPermission',
  'Get-RecipientPermission',
  'Set-Mailbox',
  'Add-MailboxPermission',
  'Add-RecipientPermission',
  'Remove-DistributionGroupMember',
  'Get-InboxRule',
  'Disable-InboxRule',
  'Get-MobileDeviceStatistics',
  'Clear-MobileDevice',
  'Remove-CalendarEvents',
  'Remove-RecipientPermission',
  'Remove-MailboxPermission',
  'Set-DistributionGroup',
  'Get-MailboxAutoReplyConfiguration',
  'Set-MailboxAutoReplyConfiguration',
  'Get-CASMailbox',
  'Set-CASMailbox',
];
const ATTEMPTS = 4;
/** More of them, for a longer look: NOTHING_FALSE_RUNS=10000. */
const RUNS = Number(process.env['NOTHING_FALSE_RUNS'] ?? 300);

const target = fc.record({
  cmdlet: fc.constantFrom(...CMDLETS),
  after: fc.nat(3),
  times: fc.integer({ min: 1, max: 4 }),
});
const kind = fc.constantFrom<FaultOrder>(
  { kind: 'throttled', retryAfterSeconds: 3 },
  { kind: 'throttled' },
  { kind: 'server-busy' },
  { kind: 'no-answer' },
  { kind: 'nothing-done' },
  { kind: 'session-gone' },
  {
    kind: 'refused',
    exception: 'System.InvalidOperationException',
    message: "You don't have sufficient permissions.",
  },
  {
    kind: 'refused',
    exception: 'X.ManagementObjectNotFoundException',
    message: 'matches multiple entries',
  },
);
const fault = fc.tuple(kind, target).map(([what, where]): FaultOrder => ({ ...what, ...where }));

/** Read late, a change that was made is asked for again, and refused: an undo has to take it back all the same. */
const SEEN_LATE: [faults: FaultOrder[], visibilityLagReads: number] = [
  [{ kind: 'throttled', retryAfterSeconds: 3, cmdlet: 'Set-Mailbox', after: 2, times: 2 }],
  2,
];

/** Two attempts: the first is told that a device was asked to wipe itself, the second must still miss it. */
const WIPE_NOT_SHOWN: typeof SEEN_LATE = [
  [
    { kind: 'throttled', cmdlet: 'Set-Mailbox' },
    { kind: 'nothing-done', cmdlet: 'Clear-MobileDevice' },
  ],
  0,
];

/** What was asked for, seen without any of the code that did it. Whether meetings were cancelled cannot be read. */
function isAsAsked(tenant: Tenant): boolean {
  const [state] = stateOf(tenant.truth, LEE);
  const mailbox = tenant.truth.named(LEE)[0]?.mailbox;
  return (
    state !== undefined &&
    state.type === 'SharedMailbox' &&
    mailbox?.isHidden === true &&
    mailbox.litigationHold &&
    mailbox.messageCopyForSentAs &&
    mailbox.messageCopyForSendOnBehalf &&
    mailbox.autoReply.state === 'Enabled' &&
    mailbox.autoReply.internal.includes('Ask Max Müster.') &&
    mailbox.forwardingAddress === tenant.truth.named(MAX)[0]?.guid &&
    mailbox.deliverToMailboxAndForward &&
    mailbox.protocols['ImapEnabled'] === false &&
    mailbox.protocols['SmtpClientAuthenticationDisabled'] === true &&
    !state.groupsOwned.some(
      ({ type, isDirSynced }) => type === 'MailUniversalDistributionGroup' && !isDirSynced,
    ) &&
    [state.fullAccess, state.sendAs, state.sendOnBehalf].every((who) => who.includes(MAX)) &&
    state.mailbox?.rules.every(({ isEnabled, isHidden }) => isHidden || !isEnabled) === true &&
    state.mailbox.devices.every(({ accountWipes }) => accountWipes === 1) &&
    Object.values(state.rightsElsewhere).every((where) => where.length === 0) &&
    !state.groups.some(
      ({ type, isDirSynced }) => type === 'MailUniversalDistributionGroup' && !isDirSynced,
    )
  );
}

/** Whatever happens, nobody's meetings are cancelled twice, and no device is wiped twice, or wholly. */
function assertAtMostOnce(tenant: Tenant): void {
  const state = stateOf(tenant.truth, LEE)[0]?.mailbox;
  assert.ok(state !== undefined && state.cancellationRuns <= 1, 'cancelled twice');
  for (const { accountWipes, fullWipes } of state.devices) {
    assert.ok(accountWipes <= 1 && fullWipes === 0, 'wiped twice, or wholly');
  }
}

/** What an undo has to bring back: neither meetings, nor devices, nor rules that only Outlook knows. */
function reversible(tenant: Tenant) {
  return stateOf(tenant.truth, LEE).map(({ mailbox, ...state }) => {
    const { meetings, cancellationRuns, cancellationsSent, devices, outlookRules, ...rest } =
      mailbox ?? assert.fail('there is no mailbox');
    return { ...state, mailbox: rest };
  });
}

const IN_DOUBT = 'offboarding.outcome-unknown';

async function attempts(tenant: Tenant, report: Report = EMPTY_REPORT): Promise<Left> {
  let left = await offboardOn(tenant, OPERATIONS, { report });
  for (let attempt = 1; attempt < ATTEMPTS && left.ending !== 'continue'; attempt += 1) {
    left = await offboardOn(tenant, OPERATIONS, { report: left.report });
  }
  return left;
}

test('whatever two faults meet a leaver, only work that was done lets the workflow go on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { minLength: 0, maxLength: 2 }),
      fc.nat(3),
      async (faults, visibilityLagReads) => {
        const tenant = openTenant({ visibilityLagReads });
        const before = reversible(tenant);
        tenant.faults.order(faultList.parse(faults));
        const { ending, report } = await attempts(tenant);
        assert.ok(ending !== 'continue' || isAsAsked(tenant), `${ending}: not as asked`);
        assertAtMostOnce(tenant);
        tenant.faults.order([]);
        for (let read = 0; read < visibilityLagReads; read += 1) {
          tenant.run('Get-AcceptedDomain', {});
        }
        // Whatever became of it, an undo gives everything back.
        if (report.mailbox !== undefined) {
          await undoOn(tenant, report);
          assert.deepEqual(reversible(tenant), before);
          assertAtMostOnce(tenant);
        }
      },
    ),
    { numRuns: RUNS, examples: [SEEN_LATE, WIPE_NOT_SHOWN] },
  );
});

for (const [when, isWritten] of [
  ['before', false],
  ['after', true],
] as const) {
  test(`killed ${when} any note is on disk and started again, the work ends as it would have, and nothing happens twice`, async () => {
    for (let save = 1; ; save += 1) {
      const tenant = openTenant();
      const killed = await offboardOn(tenant, OPERATIONS, { killed: { save, isWritten } });
      if (killed.ending !== 'killed') {
        assert.ok(save > 40, 'the work has many notes');
        return;
      }
      const { ending, report } = await attempts(tenant, killed.report);
      assertAtMostOnce(tenant);
      // Only what nobody can know needs a person; everything else is done.
      assert.ok(
        ending === 'continue' ? isAsAsked(tenant) : ending === IN_DOUBT,
        `${save}: ${ending}`,
      );
      assert.equal(
        ending === IN_DOUBT,
        report.findings.some(({ code }) => code === 'outcome-unknown'),
      );
    }
  });
}
