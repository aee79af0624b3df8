/** What kind of value a parameter takes. */
export type PlainKind =
  /** A parsed GUID or e-mail address, never a name: see `identity.ts`. */
  | 'identity'
  /** The number Exchange gives an inbox rule, as text: names of rules repeat. */
  | 'rule'
  | 'text'
  | 'texts'
  | 'flag'
  | 'number'
  /** ISO 8601 in UTC; the client reads dates as text in its own format otherwise. */
  | 'date'
  /** Identities to add to a list and to remove from it: a plain value would replace the list. */
  | 'change';

/** `or nothing`: the parameter can also be cleared. */
export type ValueKind = PlainKind | `${PlainKind} or nothing`;

interface CmdletRule {
  readonly effect: 'read' | 'write';
  /** A call without one of these would mean something else, often everything. */
  readonly required: readonly string[];
  /** A call must have at least one of these, for the same reason. */
  readonly oneOf?: readonly string[];
  /** A flag that makes a write a mere preview of itself. */
  readonly preview?: string;
  readonly parameters: Readonly<Record<string, ValueKind>>;
}

/**
 * The vocabulary: every Exchange cmdlet the service may run, with the parameters it may use and what
 * kind of value each takes. This is the allow list, for `-CommandName` as for the worker. Names and
 * types are checked against the documentation's parameter sets (documented.json) by a test.
 */
export const CMDLETS = {
  'Get-AcceptedDomain': { effect: 'read', required: [], parameters: {} },
  'Get-HostedOutboundSpamFilterPolicy': {
    effect: 'read',
    required: ['Identity'],
    parameters: { Identity: 'text' },
  },
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
  'Get-Mailbox': {
    effect: 'read',
    required: [],
    oneOf: ['Identity', 'Filter'],
    parameters: {
      Identity: 'identity',
      Filter: 'text',
      SoftDeletedMailbox: 'flag',
      ResultSize: 'text',
    },
  },
  'Get-MailboxStatistics': {
    effect: 'read',
    required: ['Identity'],
    parameters: { Identity: 'identity' },
  },
  'Set-Mailbox': {
    effect: 'write',
    required: ['Identity', 'Confirm'],
    parameters: {
      Identity: 'identity',
      Type: 'text',
      GrantSendOnBehalfTo: 'change',
      ForwardingAddress: 'identity or nothing',
      ForwardingSmtpAddress: 'text or nothing',
      DeliverToMailboxAndForward: 'flag',
      HiddenFromAddressListsEnabled: 'flag',
      LitigationHoldEnabled: 'flag',
      LitigationHoldDuration: 'text',
      MessageCopyForSentAsEnabled: 'flag',
      MessageCopyForSendOnBehalfEnabled: 'flag',
      Confirm: 'flag',
    },
  },
  'Enable-Mailbox': {
    effect: 'write',
    required: ['Identity', 'Archive', 'Confirm'],
    parameters: { Identity: 'identity', Archive: 'flag', Confirm: 'flag' },
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
  'Remove-MailboxPermission': {
    effect: 'write',
    required: ['Identity', 'User', 'AccessRights', 'Confirm'],
    parameters: {
      Identity: 'identity',
      User: 'identity',
      AccessRights: 'texts',
      InheritanceType: 'text',
      Confirm: 'flag',
    },
  },
  'Get-RecipientPermission': {
    effect: 'read',
    required: ['Trustee'],
    parameters: {
      Identity: 'identity',
      Trustee: 'identity',
      AccessRights: 'texts',
      ResultSize: 'text',
    },
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
  'Remove-RecipientPermission': {
    effect: 'write',
    required: ['Identity', 'Trustee', 'AccessRights', 'Confirm'],
    parameters: {
      Identity: 'identity',
      Trustee: 'identity',
      AccessRights: 'texts',
      Confirm: 'flag',
    },
  },
  'Get-DistributionGroup': {
    effect: 'read',
    required: [],
    oneOf: ['Identity', 'Filter', 'ManagedBy'],
    parameters: {
      Identity: 'identity',
      Filter: 'text',
      ManagedBy: 'identity',
      ResultSize: 'text',
    },
  },
  'Set-DistributionGroup': {
    effect: 'write',
    required: ['Identity', 'Confirm'],
    parameters: {
      Identity: 'identity',
      ManagedBy: 'change',
      BypassSecurityGroupManagerCheck: 'flag',
      Confirm: 'flag',
    },
  },
  'Add-DistributionGroupMember': {
    effect: 'write',
    required: ['Identity', 'Member', 'Confirm'],
    parameters: {
      Identity: 'identity',
      Member: 'identity',
      BypassSecurityGroupManagerCheck: 'flag',
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
  'Get-MailboxAutoReplyConfiguration': {
    effect: 'read',
    required: ['Identity'],
    parameters: { Identity: 'identity' },
  },
  'Set-MailboxAutoReplyConfiguration': {
    effect: 'write',
    required: ['Identity', 'AutoReplyState', 'Confirm'],
    parameters: {
      Identity: 'identity',
      AutoReplyState: 'text',
      InternalMessage: 'text or nothing',
      ExternalMessage: 'text or nothing',
      ExternalAudience: 'text',
      StartTime: 'date',
      EndTime: 'date',
      Confirm: 'flag',
    },
  },
  'Get-InboxRule': {
    effect: 'read',
    required: ['Mailbox'],
    parameters: { Mailbox: 'identity', IncludeHidden: 'flag', ResultSize: 'text' },
  },
  'Disable-InboxRule': {
    effect: 'write',
    required: ['Identity', 'Mailbox', 'Confirm'],
    parameters: { Identity: 'rule', Mailbox: 'identity', Force: 'flag', Confirm: 'flag' },
  },
  'Enable-InboxRule': {
    effect: 'write',
    required: ['Identity', 'Mailbox', 'Confirm'],
    parameters: { Identity: 'rule', Mailbox: 'identity', Force: 'flag', Confirm: 'flag' },
  },
  'Remove-InboxRule': {
    effect: 'write',
    required: ['Identity', 'Mailbox', 'Confirm'],
    parameters: { Identity: 'rule', Mailbox: 'identity', Force: 'flag', Confirm: 'flag' },
  },
  'Get-MobileDevice': {
    effect: 'read',
    required: ['Mailbox'],
    parameters: { Mailbox: 'identity', ResultSize: 'text' },
  },
  'Get-MobileDeviceStatistics': {
    effect: 'read',
    required: ['Mailbox'],
    parameters: { Mailbox: 'identity' },
  },
  'Remove-MobileDevice': {
    effect: 'write',
    required: ['Identity', 'Confirm'],
    parameters: { Identity: 'identity', Confirm: 'flag' },
  },
  'Clear-MobileDevice': {
    effect: 'write',
    // Without -AccountOnly the whole device is wiped: it must be said, either way.
    required: ['Identity', 'AccountOnly', 'Confirm'],
    parameters: { Identity: 'identity', AccountOnly: 'flag', Cancel: 'flag', Confirm: 'flag' },
  },
  'Get-CASMailbox': {
    effect: 'read',
    required: ['Identity'],
    parameters: { Identity: 'identity' },
  },
  'Set-CASMailbox': {
    effect: 'write',
    required: ['Identity', 'Confirm'],
    parameters: {
      Identity: 'identity',
      ActiveSyncEnabled: 'flag',
      EwsEnabled: 'flag',
      ImapEnabled: 'flag',
      MAPIEnabled: 'flag',
      MacOutlookEnabled: 'flag',
      OneWinNativeOutlookEnabled: 'flag',
      OutlookMobileEnabled: 'flag',
      OWAEnabled: 'flag',
      OWAforDevicesEnabled: 'flag',
      PopEnabled: 'flag',
      SmtpClientAuthenticationDisabled: 'flag or nothing',
      UniversalOutlookEnabled: 'flag',
      Confirm: 'flag',
    },
  },
  'Remove-CalendarEvents': {
    effect: 'write',
    required: ['Identity', 'QueryWindowInDays', 'Confirm'],
    oneOf: ['CancelOrganizedMeetings', 'PreviewOnly'],
    preview: 'PreviewOnly',
    parameters: {
      Identity: 'identity',
      CancelOrganizedMeetings: 'flag',
      QueryStartDate: 'date',
      QueryWindowInDays: 'number',
      PreviewOnly: 'flag',
      Confirm: 'flag',
    },
  },
} as const satisfies Record<string, CmdletRule>;

export type CmdletName = keyof typeof CMDLETS;

/** The rules of one cmdlet, seen as any other's. */
export function ruleOf(cmdlet: CmdletName): CmdletRule {
  return CMDLETS[cmdlet];
}
