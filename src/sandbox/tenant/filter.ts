import { typeOf } from './describe.ts';
import type { Directory, Recipient } from './directory.ts';
import { type Filter, FilterSyntaxError, type Literal, parseFilter, satisfies } from './opath.ts';
import { invalidFilter } from './refusal.ts';
import { text, type Values } from './values.ts';

type Reader = (
  one: Recipient,
  dnsOf: (guids: Iterable<string>) => readonly string[],
) => readonly Literal[];
type Table = Readonly<Record<string, Reader>>;

/**
 * What can be filtered on (https://learn.microsoft.com/powershell/exchange/filter-properties);
 * recipients want the distinguished name, not an address.
 */
const EVERYWHERE: Table = {
  alias: (one) => [one.alias],
  displayname: (one) => [one.displayName],
  distinguishedname: (one) => [one.distinguishedName],
  emailaddresses: (one) => addressesOf(one),
  externaldirectoryobjectid: (one) => [one.entraId],
  guid: (one) => [one.guid],
  hiddenfromaddresslistsenabled: (one) => [one.mailbox.isHidden],
  isdirsynced: (one) => [one.isDirSynced],
  name: (one) => [one.name],
  primarysmtpaddress: (one) => addressesOf(one),
  recipienttype: (one) => [typeOf(one.kind)],
  recipienttypedetails: (one) => [one.kind],
};
const OF_GROUPS: Table = {
  managedby: (one, dnsOf) => dnsOf(one.managedBy),
  members: (one, dnsOf) => dnsOf(one.members),
};
const OF_MAILBOXES: Table = {
  archivestatus: (one) => [one.mailbox.archive === null ? 'None' : 'Active'],
  delivertomailboxandforward: (one) => [one.mailbox.deliverToMailboxAndForward],
  forwardingaddress: (one, dnsOf) => dnsOf(given(one.mailbox.forwardingAddress)),
  forwardingsmtpaddress: (one) =>
    given(one.mailbox.forwardingSmtpAddress).flatMap((address) => [address, `smtp:${address}`]),
  grantsendonbehalfto: (one, dnsOf) => dnsOf(one.mailbox.grantSendOnBehalfTo),
  litigationholdenabled: (one) => [one.mailbox.litigationHold],
  userprincipalname: (one) => given(one.userPrincipalName),
};
const TABLES = {
  recipients: { ...EVERYWHERE, ...OF_GROUPS },
  groups: { ...EVERYWHERE, ...OF_GROUPS },
  mailboxes: { ...EVERYWHERE, ...OF_MAILBOXES },
} satisfies Record<string, Table>;

/** Those of the recipients that satisfy `-Filter`, if there is one. Throws `Refusal`. */
export function filtered(
  directory: Directory,
  recipients: readonly Recipient[],
  values: Values,
  whose: keyof typeof TABLES,
): readonly Recipient[] {
  const source = text(values, 'Filter');
  if (source === undefined) {
    return recipients;
  }
  const filter = parse(source);
  const dnsOf = (guids: Iterable<string>) =>
    Array.from(guids, (guid) => directory.get(guid).distinguishedName);
  return recipients.filter((one) =>
    satisfies(filter, (property) => readerOf(property, TABLES[whose])(one, dnsOf)),
  );
}

function parse(source: string): Filter {
  try {
    return parseFilter(source);
  } catch (error) {
    throw error instanceof FilterSyntaxError ? invalidFilter(error.message) : error;
  }
}

function readerOf(property: string, table: Table): Reader {
  const key = property.toLowerCase();
  const reader = Object.hasOwn(table, key) ? table[key] : undefined;
  if (reader === undefined) {
    throw invalidFilter(`"${property}" is not a recognized filterable property.`);
  }
  return reader;
}

/** With and without `smtp:`, because `-eq` takes both and `-like` wants it. */
function addressesOf(one: Recipient): readonly string[] {
  return [one.primaryAddress, ...one.otherAddresses].flatMap((address) => [
    address,
    `smtp:${address}`,
  ]);
}

function given(value: string | null | undefined): readonly string[] {
  return value === null || value === undefined ? [] : [value];
}
