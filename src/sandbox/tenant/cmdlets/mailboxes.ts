import { type Cmdlet, page } from '../cmdlet.ts';
import { describeMailbox, MINIMUM_SET, only } from '../describe.ts';
import { type Directory, isMailbox, type Recipient } from '../directory.ts';
import { filtered } from '../filter.ts';
import { matching, onlyOne } from '../find.ts';
import { flag, text, texts, type Values } from '../values.ts';

export const getMailbox: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Filter', 'RecipientTypeDetails', 'SoftDeletedMailbox', 'ResultSize'],
  run: (directory, values) => {
    const found = mailboxes(directory, values).map((one) => describeMailbox(one, directory));
    return page(found, values);
  },
};

export const getExoMailbox: Cmdlet = {
  kind: 'read',
  parameters: [
    'Identity',
    'Filter',
    'RecipientTypeDetails',
    'SoftDeletedMailbox',
    'Properties',
    'ResultSize',
  ],
  run: (directory, values) => {
    const names = [...MINIMUM_SET, ...texts(values, 'Properties')];
    const objects = mailboxes(directory, values).map((one) =>
      only(describeMailbox(one, directory), names),
    );
    return page(objects, values);
  },
};

function mailboxes(directory: Directory, values: Values): readonly Recipient[] {
  const kinds = texts(values, 'RecipientTypeDetails');
  const found = flag(values, 'SoftDeletedMailbox')
    ? softDeleted(directory, text(values, 'Identity'))
    : matching(directory, text(values, 'Identity'), isMailbox);
  return filtered(directory, found, values, 'mailboxes').filter(
    ({ kind }) => kinds.length === 0 || kinds.includes(kind),
  );
}

/** The switch shows the deleted ones instead of the others, not beside them. */
function softDeleted(directory: Directory, identity: string | undefined): readonly Recipient[] {
  return identity === undefined
    ? directory.softDeleted().filter(isMailbox)
    : [onlyOne(directory.softDeletedNamed(identity).filter(isMailbox), identity)];
}
