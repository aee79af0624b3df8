import {
  type Answer,
  anyone,
  type Cmdlet,
  matching,
  page,
  text,
  texts,
  type Values,
} from '../cmdlet.ts';
import { describeRecipient, filterValues, only } from '../describe.ts';
import type { Directory, Recipient } from '../directory.ts';
import { type Filter, FilterSyntaxError, parseFilter, satisfies } from '../opath.ts';
import { invalidFilter } from '../refusal.ts';

export const getRecipient: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Filter', 'RecipientTypeDetails', 'Properties', 'ResultSize'],
  run: (directory, values) => listRecipients(directory, values),
};

function listRecipients(directory: Directory, values: Values): Answer {
  const kinds = texts(values, 'RecipientTypeDetails');
  const properties = texts(values, 'Properties');
  const found = filtered(directory, matching(directory, text(values, 'Identity'), anyone), values);
  const objects = found
    .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
    .map(describeRecipient)
    .map((one) => (properties.length === 0 ? one : only(one, properties)));
  return page(objects, values);
}

/** Those of the recipients that satisfy `-Filter`, if there is one. */
export function filtered(
  directory: Directory,
  recipients: readonly Recipient[],
  values: Values,
  isMailboxCmdlet = false,
): readonly Recipient[] {
  const source = text(values, 'Filter');
  if (source === undefined) {
    return recipients;
  }
  const filter = parse(source);
  const dnsOf = (guids: Iterable<string>) =>
    Array.from(guids, (guid) => directory.get(guid).distinguishedName);
  return recipients.filter((one) =>
    satisfies(filter, (property) => filterValues(one, property, dnsOf, isMailboxCmdlet)),
  );
}

function parse(source: string): Filter {
  try {
    return parseFilter(source);
  } catch (error) {
    throw error instanceof FilterSyntaxError ? invalidFilter(error.message) : error;
  }
}
