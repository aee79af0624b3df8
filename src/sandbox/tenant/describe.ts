import type { WireObject } from '../wire.ts';
import { type Directory, isMailbox, type Recipient, type RecipientKind } from './directory.ts';
import type { Literal } from './opath.ts';
import { invalidFilter } from './refusal.ts';

/** A recipient's properties, as `Get-Recipient` names them. */
export function describeRecipient(one: Recipient): WireObject {
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
    WhenCreatedUTC: { $date: one.createdAt },
  };
}

/** A mailbox, as `Get-Mailbox` shows it: other recipients by name, whatever was put in. */
export function describeMailbox(one: Recipient, directory: Directory): WireObject {
  const { mailbox } = one;
  const nameOf = (guid: string) => directory.get(guid).name;
  return {
    ...describeRecipient(one),
    ExchangeGuid: one.exchangeGuid,
    UserPrincipalName: one.userPrincipalName ?? '',
    IsShared: one.kind === 'SharedMailbox',
    GrantSendOnBehalfTo: [...mailbox.grantSendOnBehalfTo].map(nameOf),
    ForwardingAddress:
      mailbox.forwardingAddress === null ? null : nameOf(mailbox.forwardingAddress),
    ForwardingSmtpAddress:
      mailbox.forwardingSmtpAddress === null ? null : `smtp:${mailbox.forwardingSmtpAddress}`,
    DeliverToMailboxAndForward: mailbox.deliverToMailboxAndForward,
    HiddenFromAddressListsEnabled: mailbox.isHidden,
    LitigationHoldEnabled: mailbox.litigationHold,
    LitigationHoldDuration: mailbox.litigationHoldDuration,
    InPlaceHolds: mailbox.inPlaceHolds,
    ArchiveStatus: mailbox.hasArchive ? 'Active' : 'None',
    MessageCopyForSentAsEnabled: mailbox.messageCopyForSentAs,
    MessageCopyForSendOnBehalfEnabled: mailbox.messageCopyForSendOnBehalf,
    AccountDisabled: false,
    WhenMailboxCreated: { $date: one.createdAt },
  };
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

function typeOf(kind: RecipientKind): string {
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

type Reader = (
  one: Recipient,
  dnsOf: (guids: Iterable<string>) => readonly string[],
) => readonly Literal[];

/** What can be filtered on; DN-valued properties want the distinguished name, not an address. */
const FILTERABLE: Readonly<Record<string, Reader>> = {
  alias: (one) => [one.alias],
  displayname: (one) => [one.displayName],
  distinguishedname: (one) => [one.distinguishedName],
  emailaddresses: (one) => addressesOf(one),
  externaldirectoryobjectid: (one) => [one.entraId],
  guid: (one) => [one.guid],
  isdirsynced: (one) => [one.isDirSynced],
  members: (one, dnsOf) => dnsOf(one.members),
  name: (one) => [one.name],
  primarysmtpaddress: (one) => addressesOf(one),
  recipienttype: (one) => [typeOf(one.kind)],
  recipienttypedetails: (one) => [one.kind],
};

/** The name a mailbox's owner signs in with can be filtered on `Get-Mailbox`, not on `Get-Recipient`. */
const MAILBOX_FILTERABLE: Readonly<Record<string, Reader>> = {
  ...FILTERABLE,
  forwardingaddress: ({ mailbox: { forwardingAddress } }, dnsOf) =>
    forwardingAddress === null ? [] : dnsOf([forwardingAddress]),
  grantsendonbehalfto: ({ mailbox }, dnsOf) => dnsOf(mailbox.grantSendOnBehalfTo),
  userprincipalname: (one) => (one.userPrincipalName === undefined ? [] : [one.userPrincipalName]),
};

/** Reads one property for a filter. Throws a refusal for one that can't be filtered on. */
export function filterValues(
  one: Recipient,
  property: string,
  dnsOf: (guids: Iterable<string>) => readonly string[],
  isMailboxCmdlet: boolean,
): readonly Literal[] {
  const table = isMailboxCmdlet ? MAILBOX_FILTERABLE : FILTERABLE;
  const key = property.toLowerCase();
  const reader = Object.hasOwn(table, key) ? table[key] : undefined;
  if (reader === undefined) {
    throw invalidFilter(`"${property}" is not a recognized filterable property.`);
  }
  return reader(one, dnsOf);
}

/** With and without `smtp:`, because `-eq` takes both and `-like` wants it. */
function addressesOf(one: Recipient): readonly string[] {
  return [one.primaryAddress, ...one.otherAddresses].flatMap((address) => [
    address,
    `smtp:${address}`,
  ]);
}

/** How permission lists show somebody: by user name or address, whatever was put in. */
export function trusteeName(one: Recipient): string {
  return isMailbox(one) ? (one.userPrincipalName ?? one.primaryAddress) : one.displayName;
}
