import {
  type Answer,
  type Cmdlet,
  exactlyOne,
  matching,
  page,
  text,
  texts,
  type Values,
} from '../cmdlet.ts';
import { describeMailbox, MINIMUM_SET, only } from '../describe.ts';
import { type Directory, isMailbox, type RecipientKind } from '../directory.ts';
import { invalidValue } from '../refusal.ts';
import { filtered } from './recipients.ts';

export const getMailbox: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Filter', 'RecipientTypeDetails', 'ResultSize'],
  run: (directory, values) => page(mailboxes(directory, values).map(describeMailbox), values),
};

export const getExoMailbox: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Filter', 'RecipientTypeDetails', 'Properties', 'ResultSize'],
  run: (directory, values) => {
    const names = [...MINIMUM_SET, ...texts(values, 'Properties')];
    const objects = mailboxes(directory, values).map((one) => only(describeMailbox(one), names));
    return page(objects, values);
  },
};

function mailboxes(directory: Directory, values: Values) {
  const kinds = texts(values, 'RecipientTypeDetails');
  const found = matching(directory, text(values, 'Identity'), isMailbox);
  return filtered(directory, found, values, true).filter(
    ({ kind }) => kinds.length === 0 || kinds.includes(kind),
  );
}

const TYPES: Readonly<Record<string, RecipientKind>> = {
  regular: 'UserMailbox',
  shared: 'SharedMailbox',
  room: 'RoomMailbox',
  equipment: 'EquipmentMailbox',
};

export const setMailbox: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Type'],
  run: (directory, values) => convert(directory, values),
};

function convert(directory: Directory, values: Values): Answer {
  const { guid, kind, distinguishedName } = exactlyOne(
    directory,
    text(values, 'Identity'),
    isMailbox,
  );
  const asked = text(values, 'Type');
  const wanted = asked === undefined ? kind : TYPES[asked.toLowerCase()];
  if (wanted === undefined) {
    throw invalidValue('Type', asked ?? '');
  }
  if (wanted === kind) {
    const warning = `The command completed successfully but no settings of '${distinguishedName}' have been modified.`;
    return { warnings: [warning] };
  }
  return {
    effect: (current) => {
      current.get(guid).kind = wanted;
    },
  };
}
