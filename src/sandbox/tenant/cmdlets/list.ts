import type { Cmdlet } from '../cmdlet.ts';
import {
  addDistributionGroupMember,
  getDistributionGroup,
  getDistributionGroupMember,
  removeDistributionGroupMember,
} from './groups.ts';
import { getExoMailbox, getMailbox, getMailboxStatistics } from './mailboxes.ts';
import { getAcceptedDomain } from './organization.ts';
import { getRecipient } from './recipients.ts';
import {
  addMailboxPermission,
  addRecipientPermission,
  getMailboxPermission,
  getRecipientPermission,
  removeMailboxPermission,
  removeRecipientPermission,
} from './rights.ts';
import { setMailbox } from './set-mailbox.ts';

/** Every cmdlet the tenant imitates. Connecting is the business of the stand-ins and of `sign-in.ts`. */
export const CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'Get-AcceptedDomain': getAcceptedDomain,
  'Get-Recipient': getRecipient,
  'Get-Mailbox': getMailbox,
  'Get-EXOMailbox': getExoMailbox,
  'Get-MailboxStatistics': getMailboxStatistics,
  'Set-Mailbox': setMailbox,
  'Get-MailboxPermission': getMailboxPermission,
  'Get-EXOMailboxPermission': getMailboxPermission,
  'Add-MailboxPermission': addMailboxPermission,
  'Remove-MailboxPermission': removeMailboxPermission,
  'Get-RecipientPermission': getRecipientPermission,
  'Add-RecipientPermission': addRecipientPermission,
  'Remove-RecipientPermission': removeRecipientPermission,
  'Get-DistributionGroup': getDistributionGroup,
  'Get-DistributionGroupMember': getDistributionGroupMember,
  'Add-DistributionGroupMember': addDistributionGroupMember,
  'Remove-DistributionGroupMember': removeDistributionGroupMember,
};
