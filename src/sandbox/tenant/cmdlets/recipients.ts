import { type Answer, type Cmdlet, page } from '../cmdlet.ts';
import { describeRecipient, only } from '../describe.ts';
import type { Directory } from '../directory.ts';
import { filtered } from '../filter.ts';
import { anyone, matching } from '../find.ts';
import { text, texts, type Values } from '../values.ts';

export const getRecipient: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Filter', 'RecipientTypeDetails', 'Properties', 'ResultSize'],
  run: (directory, values) => listRecipients(directory, values),
};

function listRecipients(directory: Directory, values: Values): Answer {
  const kinds = texts(values, 'RecipientTypeDetails');
  const properties = texts(values, 'Properties');
  const named = matching(directory, text(values, 'Identity'), anyone);
  const objects = filtered(directory, named, values, 'recipients')
    .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
    .map((one) => describeRecipient(one, directory))
    .map((one) => (properties.length === 0 ? one : only(one, properties)));
  return page(objects, values);
}
