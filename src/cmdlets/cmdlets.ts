/**
 * The vocabulary: every Exchange cmdlet the service may run, with the parameters it may use and what
 * kind of value each takes. A call without a `required` one would mean something else, often everything.
 * This is the allow list, for `-CommandName` as for the worker. Names and
 * types are checked against the documentation's parameter sets (documented.json) by a test.
 */
export type ValueKind =
  /** A parsed GUID or e-mail address, never a name: see `identity.ts`. */
  'identity' | 'text' | 'texts' | 'flag';

export const CMDLETS = {
  'Get-AcceptedDomain': { effect: 'read', required: [], parameters: {} },
  'Get-Recipient': {
    effect: 'read',
    required: ['Filter'],
    parameters: {
      Filter: 'text',
      RecipientTypeDetails: 'texts',
      Properties: 'texts',
      ResultSize: 'text',
    },
  },
  'Get-Mailbox': { effect: 'read', required: ['Identity'], parameters: { Identity: 'identity' } },
  'Set-Mailbox': {
    effect: 'write',
    required: ['Identity', 'Confirm'],
    parameters: { Identity: 'identity', Type: 'text', Confirm: 'flag' },
  },
  'Get-MailboxPermission': {
    effect: 'read',
    required: ['Identity', 'User'],
    parameters: { Identity: 'identity', User: 'identity' },
  },
  'Add-MailboxPermission': {
    effect: 'write',
    required: ['Identity', 'User', 'AccessRights', 'Confirm'],
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
    required: ['Identity', 'Trustee'],
    parameters: { Identity: 'identity', Trustee: 'identity', AccessRights: 'texts' },
  },
  'Add-RecipientPermission': {
    effect: 'write',
    required: ['Identity', 'Trustee', 'AccessRights', 'Confirm'],
    parameters: {
      Identity: 'identity',
      Trustee: 'identity',
      AccessRights: 'texts',
      Confirm: 'flag',
    },
  },
  'Remove-DistributionGroupMember': {
    effect: 'write',
    required: ['Identity', 'Member', 'Confirm'],
    parameters: {
      Identity: 'identity',
      Member: 'identity',
      BypassSecurityGroupManagerCheck: 'flag',
      Confirm: 'flag',
    },
  },
} as const satisfies Record<
  string,
  {
    effect: 'read' | 'write';
    required: readonly string[];
    parameters: Readonly<Record<string, ValueKind>>;
  }
>;

export type CmdletName = keyof typeof CMDLETS;
