import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertCall, type Call, call } from '../../src/cmdlets/call.ts';
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
