import type { Answer, Cmdlet } from '../cmdlet.ts';
import { type Directory, isMailbox, type Recipient } from '../directory.ts';
import { exactlyOne } from '../find.ts';
import type { Archive } from '../mailbox.ts';
import { archiveAlready, noArchive, notImitated, notLicensed } from '../refusal.ts';
import { flag, text, type Values } from '../values.ts';

export const enableMailbox: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Archive', 'Force'],
  run: (directory, values) => enable(userOf('Enable-Mailbox', directory, values)),
};

export const disableMailbox: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Archive'],
  run: (directory, values) => disable(userOf('Disable-Mailbox', directory, values)),
};

function enable({ guid, name, exchangeGuid, mailbox }: Recipient): Answer {
  if (mailbox.archive !== null) {
    throw archiveAlready(name);
  }
  if (!mailbox.isLicensed) {
    throw notLicensed('An archive', name);
  }
  // What was switched off comes back with what was in it.
  const archive: Archive = mailbox.disabledArchive ?? {
    guid: `a${exchangeGuid.slice(1)}`,
    sizeBytes: 0,
  };
  return storing(guid, { archive, disabledArchive: null });
}

function disable({ guid, name, mailbox: { archive } }: Recipient): Answer {
  if (archive === null) {
    throw noArchive(name);
  }
  return storing(guid, { archive: null, disabledArchive: archive });
}

function storing(
  guid: string,
  archives: { readonly archive: Archive | null; readonly disabledArchive: Archive | null },
): Answer {
  return { effect: (current) => Object.assign(current.get(guid).mailbox, archives) };
}

/** These cmdlets take names, distinguished names and GUIDs, no addresses. Without `-Archive` they mean the mailbox itself. */
function userOf(cmdlet: string, directory: Directory, values: Values): Recipient {
  if (!flag(values, 'Archive')) {
    throw notImitated(`${cmdlet} without -Archive`);
  }
  const identity = text(values, 'Identity');
  return exactlyOne(directory, identity, (one) => isMailbox(one) && !identity?.includes('@'));
}
