import type { Cmdlet } from '../cmdlet.ts';
import { disableMailbox, enableMailbox } from './archive.ts';
import {
  getMailboxAutoReplyConfiguration,
  setMailboxAutoReplyConfiguration,
} from './auto-reply.ts';
import { removeCalendarEvents } from './calendar.ts';
import { getCasMailbox, setCasMailbox } from './client-access.ts';
import {
  addDistributionGroupMember,
  removeDistributionGroupMember,
  setDistributionGroup,
} from './group-changes.ts';
import { getDistributionGroup, getDistributionGroupMember } from './groups.ts';
import {
  disableInboxRule,
  enableInboxRule,
  getInboxRule,
  newInboxRule,
  removeInboxRule,
} from './inbox-rules.ts';
import {
  addMailboxPermission,
  getMailboxPermission,
  removeMailboxPermission,
} from './mailbox-permission.ts';
import { getMailboxStatistics } from './mailbox-statistics.ts';
import { getExoMailbox, getMailbox } from './mailboxes.ts';
import {
  clearMobileDevice,
  getMobileDevice,
  getMobileDeviceStatistics,
  removeMobileDevice,
} from './mobile-devices.ts';
import {
  getAcceptedDomain,
  getHostedOutboundSpamFilterPolicy,
  getRemoteDomain,
} from './organization.ts';
import {
  addRecipientPermission,
  getRecipientPermission,
  removeRecipientPermission,
} from './recipient-permission.ts';
import { getRecipient } from './recipients.ts';
import { setMailbox } from './set-mailbox.ts';

/** Every cmdlet the tenant imitates. Connecting is the business of the stand-ins and of `sign-in.ts`. */
export const CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'Get-AcceptedDomain': getAcceptedDomain,
  'Get-HostedOutboundSpamFilterPolicy': getHostedOutboundSpamFilterPolicy,
  'Get-RemoteDomain': getRemoteDomain,
  'Get-Recipient': getRecipient,
  'Get-Mailbox': getMailbox,
  'Get-EXOMailbox': getExoMailbox,
  'Get-MailboxStatistics': getMailboxStatistics,
  'Set-Mailbox': setMailbox,
  'Enable-Mailbox': enableMailbox,
  'Disable-Mailbox': disableMailbox,
  'Get-MailboxPermission': getMailboxPermission,
  'Get-EXOMailboxPermission': getMailboxPermission,
  'Add-MailboxPermission': addMailboxPermission,
  'Remove-MailboxPermission': removeMailboxPermission,
  'Get-RecipientPermission': getRecipientPermission,
  'Add-RecipientPermission': addRecipientPermission,
  'Remove-RecipientPermission': removeRecipientPermission,
  'Get-DistributionGroup': getDistributionGroup,
  'Set-DistributionGroup': setDistributionGroup,
  'Get-DistributionGroupMember': getDistributionGroupMember,
  'Add-DistributionGroupMember': addDistributionGroupMember,
  'Remove-DistributionGroupMember': removeDistributionGroupMember,
  'Get-MailboxAutoReplyConfiguration': getMailboxAutoReplyConfiguration,
  'Set-MailboxAutoReplyConfiguration': setMailboxAutoReplyConfiguration,
  'Get-InboxRule': getInboxRule,
  'New-InboxRule': newInboxRule,
  'Enable-InboxRule': enableInboxRule,
  'Disable-InboxRule': disableInboxRule,
  'Remove-InboxRule': removeInboxRule,
  'Get-MobileDevice': getMobileDevice,
  'Get-MobileDeviceStatistics': getMobileDeviceStatistics,
  'Remove-MobileDevice': removeMobileDevice,
  'Clear-MobileDevice': clearMobileDevice,
  'Get-CASMailbox': getCasMailbox,
  'Set-CASMailbox': setCasMailbox,
  'Remove-CalendarEvents': removeCalendarEvents,
};
