import type { CmdletName } from '../cmdlets/cmdlets.ts';

/** A cmdlet, or one parameter of it, as an app has it by its roles. */
export type Ability = CmdletName | `${CmdletName} -${string}`;

/** A management role of Exchange and why it is needed. */
export interface NeededRole {
  readonly role: string;
  readonly because: string;
}

/**
 * By what a connection shows that the app holds a role: what the operations use of it. A tenant tells which
 * roles give what by `Get-ManagementRole -Cmdlet X -CmdletParameters Y`
 * (https://learn.microsoft.com/exchange/permissions-exo/feature-permissions, and docs/operations.md).
 */
export const SIGNS: Readonly<Record<string, readonly Ability[]>> = {
  'Mail Recipients': [
    'Set-Mailbox',
    'Set-Mailbox -Type',
    'Add-MailboxPermission',
    'Add-RecipientPermission',
  ],
  'User Options': ['Disable-InboxRule'],
  'Distribution Groups': ['Add-DistributionGroupMember', 'Remove-DistributionGroupMember'],
  'Security Group Creation and Membership': [
    'Add-DistributionGroupMember -BypassSecurityGroupManagerCheck',
    'Remove-DistributionGroupMember -BypassSecurityGroupManagerCheck',
    'Set-DistributionGroup -BypassSecurityGroupManagerCheck',
  ],
  'Legal Hold': ['Set-Mailbox -LitigationHoldEnabled', 'Set-Mailbox -LitigationHoldDuration'],
  'View-Only Recipients': ['Get-Mailbox', 'Get-Recipient'],
  'View-Only Configuration': ['Get-AcceptedDomain'],
};

/** Roles whose signs no other role gives: one of these that is there for nothing can be told. */
export const UNMISTAKABLE: readonly string[] = [
  'Distribution Groups',
  'Security Group Creation and Membership',
  'Legal Hold',
];

/** Cmdlets no operation uses, each with a role that gives it: an app that has one may do more than it should. */
export const BEYOND: Readonly<Record<string, string>> = {
  'New-ManagementRoleAssignment': 'Role Management',
  'Set-OrganizationConfig': 'Organization Configuration',
  'New-TransportRule': 'Transport Rules',
  'New-JournalRule': 'Journaling',
  'New-Mailbox': 'Mail Recipient Creation',
  'New-MailboxImportRequest': 'Mailbox Import Export',
};

/** Whatever the operations are. */
export const ALWAYS_NEEDED: readonly NeededRole[] = [
  { role: 'View-Only Recipients', because: 'to find the leaver, the manager and the mailbox' },
  { role: 'View-Only Configuration', because: 'to prove a connection by a first reading' },
];
