/**
 * The vocabulary: every Exchange cmdlet the service may run, with the parameters it may use and what
 * kind of value each takes. This is the allow list, for `-CommandName` as for the worker. Names and
 * types are checked against the documentation's parameter sets (documented.json) by a test.
 */
export type ValueKind =
  /** A parsed GUID or e-mail address, never a name: see `identity.ts`. */
  'identity' | 'text' | 'texts' | 'flag';

export const CMDLETS = {
  'Get-AcceptedDomain': { effect: 'read', parameters: {} },
  'Get-Recipient': {
    effect: 'read',
    parameters: {
      Filter: 'text',
      RecipientTypeDetails: 'texts',
      Properties: 'texts',
      ResultSize: 'text',
    },
  },
  'Get-Mailbox': { effect: 'read', parameters: { Identity: 'identity' } },
  'Set-Mailbox': {
    effect: 'write',
    parameters: { Identity: 'identity', Type: 'text', Confirm: 'flag' },
  },
  'Get-MailboxPermission': {
    effect: 'read',
    parameters: { Identity: 'identity', User: 'identity' },
  },
  'Add-MailboxPermission': {
    effect: 'write',
    parameters: {
      Identity: 'identity',
      User: 'identity',
      AccessRights: 'texts',
      InheritanceType: 'text',
      AutoMapping: 'flag',
      Confirm: 'flag',
    },
  },
  'Get-RecipientPermission': {
    effect: 'read',
    parameters: { Identity: 'identity', Trustee: 'identity', AccessRights: 'texts' },
  },
  'Add-RecipientPermission': {
    effect: 'write',
    parameters: {
      Identity: 'identity',
      Trustee: 'identity',
      AccessRights: 'texts',
      Confirm: 'flag',
    },
  },
  'Remove-DistributionGroupMember': {
    effect: 'write',
    parameters: {
      Identity: 'identity',
      Member: 'identity',
      BypassSecurityGroupManagerCheck: 'flag',
      Confirm: 'flag',
    },
  },
} as const satisfies Record<
  string,
  { effect: 'read' | 'write'; parameters: Readonly<Record<string, ValueKind>> }
>;

export type CmdletName = keyof typeof CMDLETS;
