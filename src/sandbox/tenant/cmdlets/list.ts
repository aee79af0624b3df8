import type { Cmdlet } from '../cmdlet.ts';
import {
  getDistributionGroup,
  getDistributionGroupMember,
  removeDistributionGroupMember,
} from './groups.ts';
import { getExoMailbox, getMailbox, setMailbox } from './mailboxes.ts';
import { getAcceptedDomain } from './organization.ts';
import { getRecipient } from './recipients.ts';
import {
  addMailboxPermission,
  addRecipientPermission,
  getMailboxPermission,
  getRecipientPermission,
} from './rights.ts';

/** Every cmdlet the tenant imitates. Connecting is the business of the stand-ins and of `sign-in.ts`. */
export const CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'Get-AcceptedDomain': getAcceptedDomain,
  'Get-Recipient': getRecipient,
  'Get-Mailbox': getMailbox,
  'Get-EXOMailbox': getExoMailbox,
  'Set-Mailbox': setMailbox,
  'Get-MailboxPermission': getMailboxPermission,
  'Get-EXOMailboxPermission': getMailboxPermission,
  'Add-MailboxPermission': addMailboxPermission,
  'Get-RecipientPermission': getRecipientPermission,
  'Add-RecipientPermission': addRecipientPermission,
  'Get-DistributionGroup': getDistributionGroup,
  'Get-DistributionGroupMember': getDistributionGroupMember,
  'Remove-DistributionGroupMember': removeDistributionGroupMember,
};
