import type { WireObject } from '../wire.ts';
import { byteText } from './byte-quantity.ts';
import { type Directory, isMailbox, type Recipient, type RecipientKind } from './directory.ts';

/** A recipient's properties, as `Get-Recipient` names them: other recipients by name, whatever was put in. */
export function describeRecipient(one: Recipient, directory: Directory): WireObject {
  return {
    Identity: one.name,
    Guid: one.guid,
    ExternalDirectoryObjectId: one.kind === 'MailContact' ? '' : one.entraId,
    Name: one.name,
    DisplayName: one.displayName,
    Alias: one.alias,
    DistinguishedName: one.distinguishedName,
    PrimarySmtpAddress: one.primaryAddress,
    EmailAddresses: [
      `SMTP:${one.primaryAddress}`,
      ...one.otherAddresses.map((other) => `smtp:${other}`),
    ],
    RecipientType: typeOf(one.kind),
    RecipientTypeDetails: one.kind,
    IsDirSynced: one.isDirSynced,
    HiddenFromAddressListsEnabled: one.mailbox.isHidden,
    ManagedBy: shownNames(one.managedBy, directory),
    WhenCreatedUTC: { $date: one.createdAt },
  };
}

/** A mailbox, as `Get-Mailbox` shows it. */
export function describeMailbox(one: Recipient, directory: Directory): WireObject {
  const { ManagedBy: _ofGroups, ...recipient } = describeRecipient(one, directory);
  return {
    ...recipient,
    ExchangeGuid: one.exchangeGuid,
    LegacyExchangeDN: one.legacyExchangeDn,
    UserPrincipalName: one.userPrincipalName ?? '',
    IsShared: one.kind === 'SharedMailbox',
    SKUAssigned: one.mailbox.isLicensed,
    ProhibitSendReceiveQuota: byteText(one.mailbox.quotaBytes),
    AccountDisabled: false,
    WhenMailboxCreated: { $date: one.createdAt },
    ...describeDelivery(one, directory),
    ...describeHolds(one),
  };
}

function describeDelivery({ mailbox }: Recipient, directory: Directory): WireObject {
  const { forwardingAddress, forwardingSmtpAddress } = mailbox;
  return {
    GrantSendOnBehalfTo: shownNames(mailbox.grantSendOnBehalfTo, directory),
    ForwardingAddress:
      forwardingAddress === null ? null : directory.get(forwardingAddress).displayName,
    ForwardingSmtpAddress: forwardingSmtpAddress === null ? null : `smtp:${forwardingSmtpAddress}`,
    DeliverToMailboxAndForward: mailbox.deliverToMailboxAndForward,
    MessageCopyForSentAsEnabled: mailbox.messageCopyForSentAs,
    MessageCopyForSendOnBehalfEnabled: mailbox.messageCopyForSendOnBehalf,
  };
}

const NO_GUID = '00000000-0000-0000-0000-000000000000';

function describeHolds({ displayName, mailbox }: Recipient): WireObject {
  const { archive, disabledArchive, litigationHoldSince: since } = mailbox;
  return {
    LitigationHoldEnabled: mailbox.litigationHold,
    LitigationHoldDuration: mailbox.litigationHoldDuration,
    LitigationHoldDate: since === null ? null : { $date: since },
    InPlaceHolds: mailbox.inPlaceHolds,
    ArchiveStatus: archive === null ? 'None' : 'Active',
    ArchiveState: archive === null ? 'None' : 'Local',
    ArchiveGuid: archive?.guid ?? NO_GUID,
    ArchiveName: archive === null ? [] : [`In-Place Archive -${displayName}`],
    DisabledArchiveGuid: disabledArchive?.guid ?? NO_GUID,
  };
}

/** How lists of recipients show them: by display name, which somebody else may have too. */
function shownNames(guids: Iterable<string>, directory: Directory): readonly string[] {
  return Array.from(guids, (guid) => directory.get(guid).displayName);
}

/** What `Get-EXOMailbox` returns unless more is asked for. */
export const MINIMUM_SET = [
  'ExternalDirectoryObjectId',
  'UserPrincipalName',
  'Alias',
  'DisplayName',
  'EmailAddresses',
  'PrimarySmtpAddress',
  'RecipientType',
  'RecipientTypeDetails',
  'Identity',
  'Name',
  'DistinguishedName',
  'Guid',
] as const;

export function only(object: WireObject, names: readonly string[]): WireObject {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => wanted.has(name.toLowerCase())),
  );
}

export function typeOf(kind: RecipientKind): string {
  switch (kind) {
    case 'SharedMailbox':
    case 'RoomMailbox':
    case 'EquipmentMailbox':
      return 'UserMailbox';
    case 'RoomList':
    case 'GroupMailbox':
      return 'MailUniversalDistributionGroup';
    default:
      return kind;
  }
}

/** How permission lists show somebody: by user name or address, whatever was put in. */
export function trusteeName(one: Recipient): string {
  return isMailbox(one) ? (one.userPrincipalName ?? one.primaryAddress) : one.displayName;
}
