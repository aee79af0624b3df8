import { byteQuantity } from '../byte-quantity.ts';
import type { Cmdlet } from '../cmdlet.ts';
import type { Recipient } from '../directory.ts';
import { mailboxOf } from '../find.ts';
import { noArchive } from '../refusal.ts';
import { flag } from '../values.ts';

/** What an average message takes. */
const ITEM_BYTES = 80_000;

export const getMailboxStatistics: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Archive'],
  run: (directory, values) => {
    const one = mailboxOf(directory, values);
    const store = flag(values, 'Archive') ? archiveOf(one) : mainStore(one);
    const statistics = {
      DisplayName: one.displayName,
      MailboxGuid: store.guid,
      ItemCount: Number.isFinite(store.sizeBytes) ? Math.ceil(store.sizeBytes / ITEM_BYTES) : 0,
      TotalItemSize: byteQuantity(store.sizeBytes),
      TotalDeletedItemSize: byteQuantity(0),
    };
    return { objects: [statistics] };
  },
};

function mainStore({ exchangeGuid, mailbox }: Recipient) {
  return { guid: exchangeGuid, sizeBytes: mailbox.sizeBytes };
}

function archiveOf({ name, mailbox }: Recipient) {
  if (mailbox.archive === null) {
    throw noArchive(name);
  }
  return mailbox.archive;
}
