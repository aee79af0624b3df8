import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertCall, type Call, call, listChange, NOTHING } from '../../src/cmdlets/call.ts';
import { parseIdentity } from '../../src/cmdlets/identity.ts';

const GUID = parseIdentity('aff1c467-ccc0-4dfa-ab3d-816bafa9c8e2');

function stored(cmdlet: string, parameters: Record<string, unknown>): Call {
  return { cmdlet, parameters, properties: [] } as unknown as Call;
}

test('a call of the vocabulary is kept as it is', () => {
  assert.deepEqual(call('Get-Mailbox', { Identity: GUID }, ['Guid']), {
    cmdlet: 'Get-Mailbox',
    parameters: { Identity: GUID },
    properties: ['Guid'],
  });
});

test('a parameter can be cleared where the vocabulary says so, and a list changed', () => {
  const { parameters } = call('Set-Mailbox', {
    Identity: GUID,
    ForwardingAddress: NOTHING,
    GrantSendOnBehalfTo: listChange({ add: [GUID] }),
    Confirm: false,
  });
  assert.deepEqual(parameters['ForwardingAddress'], { $type: 'null' });
  assert.deepEqual(parameters['GrantSendOnBehalfTo'], { $type: 'change', add: [GUID], remove: [] });
});

const NOT_IN_THE_VOCABULARY: readonly [string, Record<string, unknown>][] = [
  ['Remove-Mailbox', { Identity: GUID }],
  ['toString', {}],
  ['__proto__', {}],
  ['get-mailbox', { Identity: GUID }],
  ['Get-Mailbox', { Identity: GUID, Anr: 'max' }],
  ['Get-Mailbox', { Identity: GUID, constructor: 'x' }],
  ['Set-Mailbox', { Identity: GUID, Type: '' }],
  ['Set-Mailbox', { Identity: GUID, Type: { $type: 'secure-string', value: 'x' } }],
  ['Set-Mailbox', { Identity: GUID, Confirm: 'false' }],
  ['Get-Recipient', { RecipientTypeDetails: [] }],
  ['Get-Recipient', { RecipientTypeDetails: [1] }],
  ['Set-Mailbox', { Identity: GUID, Confirm: false, Type: NOTHING }],
  ['Set-Mailbox', { Identity: GUID, Confirm: false, ForwardingSmtpAddress: { ...NOTHING, x: 1 } }],
  ['Set-Mailbox', { Identity: GUID, Confirm: false, GrantSendOnBehalfTo: [GUID] }],
  ['Set-Mailbox', { Identity: GUID, Confirm: false, GrantSendOnBehalfTo: listChange({}) }],
  ['Disable-InboxRule', { Identity: 'My rule', Mailbox: GUID, Confirm: false }],
  ['Clear-MobileDevice', { Identity: GUID, Confirm: false }],
  ['Remove-CalendarEvents', { Identity: GUID, QueryWindowInDays: 1.5, Confirm: false }],
  [
    'Set-MailboxAutoReplyConfiguration',
    { Identity: GUID, AutoReplyState: 'Scheduled', StartTime: '24.11.2026', Confirm: false },
  ],
];

for (const [cmdlet, parameters] of NOT_IN_THE_VOCABULARY) {
  test(`${cmdlet} ${JSON.stringify(parameters)} is not in the vocabulary`, () => {
    assert.throws(() => assertCall(stored(cmdlet, parameters)), {
      code: 'powershell.command-refused',
    });
  });
}

const WITHOUT_A_NAME: readonly [string, Record<string, unknown>][] = [
  ['Get-Mailbox', {}],
  ['Get-Mailbox', { Identity: null }],
  ['Get-Mailbox', { Identity: '*' }],
  ['Get-Mailbox', { SoftDeletedMailbox: true }],
  ['Get-DistributionGroup', { ResultSize: 'Unlimited' }],
  [
    'Remove-CalendarEvents',
    { Identity: GUID, QueryWindowInDays: 9, PreviewOnly: false, Confirm: false },
  ],
  [
    'Set-Mailbox',
    {
      Identity: GUID,
      Confirm: false,
      GrantSendOnBehalfTo: { ...listChange({ add: [GUID] }), remove: ['Max'] },
    },
  ],
  ['Get-MailboxPermission', { Identity: GUID, User: '' }],
  ['Remove-DistributionGroupMember', { Identity: GUID, Member: 'Max Müster' }],
];

for (const [cmdlet, parameters] of WITHOUT_A_NAME) {
  test(`${cmdlet} ${JSON.stringify(parameters)} names nobody`, () => {
    assert.throws(() => assertCall(stored(cmdlet, parameters)), {
      code: 'exchange.identity-refused',
    });
  });
}
