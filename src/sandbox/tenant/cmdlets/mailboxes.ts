import {
  type Cmdlet,
  exactlyOne,
  flag,
  matching,
  page,
  text,
  texts,
  type Values,
} from '../cmdlet.ts';
import { describeMailbox, MINIMUM_SET, only } from '../describe.ts';
import { type Directory, isMailbox } from '../directory.ts';
import { filtered } from './recipients.ts';

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
  parameters: ['Identity', 'Filter', 'RecipientTypeDetails', 'Properties', 'ResultSize'],
  run: (directory, values) => {
    const names = [...MINIMUM_SET, ...texts(values, 'Properties')];
    const objects = mailboxes(directory, values).map((one) =>
      only(describeMailbox(one, directory), names),
    );
    return page(objects, values);
  },
};

function mailboxes(directory: Directory, values: Values) {
  const kinds = texts(values, 'RecipientTypeDetails');
  const found = flag(values, 'SoftDeletedMailbox')
    ? directory.softDeleted().filter(isMailbox)
    : matching(directory, text(values, 'Identity'), isMailbox);
  return filtered(directory, found, values, true).filter(
    ({ kind }) => kinds.length === 0 || kinds.includes(kind),
  );
}

export const getMailboxStatistics: Cmdlet = {
  kind: 'read',
  parameters: ['Identity'],
  run: (directory, values) => {
    const { displayName, mailbox } = exactlyOne(directory, text(values, 'Identity'), isMailbox);
    return { objects: [{ DisplayName: displayName, TotalItemSize: sizeText(mailbox.sizeBytes) }] };
  },
};

/** As the service writes it: `1.2 GB (1,288,490,188 bytes)`. */
function sizeText(bytes: number): string {
  return `${(bytes / 2 ** 30).toPrecision(4)} GB (${bytes.toLocaleString('en-US')} bytes)`;
}
