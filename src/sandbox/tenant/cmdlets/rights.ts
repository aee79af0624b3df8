import type { WireObject } from '../../wire.ts';
import {
  type Answer,
  anyone,
  type Cmdlet,
  exactlyOne,
  flag,
  matching,
  page,
  text,
  texts,
  type Values,
} from '../cmdlet.ts';
import { trusteeName } from '../describe.ts';
import { type Directory, isMailbox, type MailboxRight, type Recipient } from '../directory.ts';
import { invalidValue, notATrustee } from '../refusal.ts';

const SELF = 'NT AUTHORITY\\SELF';

export const getMailboxPermission: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'User', 'ResultSize'],
  run: (directory, values) => {
    const user = trustee(directory, values, 'User');
    const mailboxes = matching(directory, text(values, 'Identity'), isMailbox);
    return page(
      mailboxes.flatMap((mailbox) => mailboxRights(directory, mailbox, user)),
      values,
    );
  },
};

export const addMailboxPermission: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'User', 'AccessRights', 'InheritanceType', 'AutoMapping'],
  run: (directory, values) => giveMailboxRight(directory, values),
};

export const removeMailboxPermission: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'User', 'AccessRights', 'InheritanceType'],
  run: (directory, values) => takeMailboxRight(directory, values),
};

export const getRecipientPermission: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Trustee', 'AccessRights', 'ResultSize'],
  run: (directory, values) => {
    const who = trustee(directory, values, 'Trustee');
    const recipients = matching(directory, text(values, 'Identity'), anyone);
    return page(
      recipients.flatMap((one) => sendAsRights(directory, one, who)),
      values,
    );
  },
};

export const addRecipientPermission: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Trustee', 'AccessRights'],
  run: (directory, values) => giveSendAs(directory, values),
};

export const removeRecipientPermission: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Trustee', 'AccessRights'],
  run: (directory, values) => takeSendAs(directory, values),
};

/** Whom a filter asks about; undefined for everybody. */
function trustee(directory: Directory, values: Values, name: string): Recipient | undefined {
  const asked = text(values, name);
  return asked === undefined ? undefined : exactlyOne(directory, asked, anyone);
}

/** The list of a mailbox has more than grants: its owner and what is inherited from above. */
function mailboxRights(
  directory: Directory,
  mailbox: Recipient,
  user: Recipient | undefined,
): readonly WireObject[] {
  const granted = mailbox.mailboxRights
    .filter((one) => user === undefined || one.trustee === user.guid)
    .map((one) => mailboxRow(mailbox, trusteeName(directory.get(one.trustee)), one));
  return user === undefined
    ? [...ALWAYS_THERE.map((one) => mailboxRow(mailbox, one.trustee, one)), ...granted]
    : granted;
}

const ALWAYS_THERE: readonly MailboxRight[] = [
  {
    trustee: SELF,
    rights: ['FullAccess', 'ReadPermission'],
    isInherited: false,
    deny: false,
    autoMapping: false,
  },
  {
    trustee: 'EURPR06A001\\Exchange Servers',
    rights: ['FullAccess'],
    isInherited: true,
    deny: false,
    autoMapping: false,
  },
  {
    trustee: 'EURPR06A001\\Domain Admins',
    rights: ['FullAccess'],
    isInherited: true,
    deny: true,
    autoMapping: false,
  },
];

function mailboxRow(mailbox: Recipient, user: string, right: MailboxRight): WireObject {
  return {
    Identity: mailbox.name,
    User: user,
    AccessRights: right.rights,
    IsInherited: right.isInherited,
    Deny: right.deny,
    InheritanceType: 'All',
    IsValid: true,
  };
}

function giveMailboxRight(directory: Directory, values: Values): Answer {
  const mailbox = exactlyOne(directory, text(values, 'Identity'), isMailbox);
  const user = eligible(directory, text(values, 'User'));
  assertRight(values, 'FullAccess');
  const right: MailboxRight = {
    trustee: user.guid,
    rights: ['FullAccess'],
    isInherited: false,
    deny: false,
    // On unless it is switched off.
    autoMapping: values['AutoMapping'] === undefined || flag(values, 'AutoMapping'),
  };
  const objects = [mailboxRow(mailbox, trusteeName(user), right)];
  if (mailbox.mailboxRights.some((one) => one.trustee === user.guid)) {
    return { objects, warnings: [alreadyPresent(mailbox, user)] };
  }
  return {
    objects,
    effect: (current) => {
      current.get(mailbox.guid).mailboxRights.push(right);
    },
  };
}

/** Other rights than these two are not imitated. */
function assertRight(values: Values, right: 'FullAccess' | 'SendAs'): void {
  const rights = texts(values, 'AccessRights');
  if (rights.length !== 1 || rights[0]?.toLowerCase() !== right.toLowerCase()) {
    throw invalidValue('AccessRights', rights.join(', '));
  }
}

function takeMailboxRight(directory: Directory, values: Values): Answer {
  const mailbox = exactlyOne(directory, text(values, 'Identity'), isMailbox);
  const user = exactlyOne(directory, text(values, 'User'), anyone);
  assertRight(values, 'FullAccess');
  if (!mailbox.mailboxRights.some((one) => one.trustee === user.guid)) {
    return { warnings: [notPresent(mailbox, user, "the ACE doesn't exist on the object")] };
  }
  return {
    effect: (current) => {
      const { mailboxRights: rights } = current.get(mailbox.guid);
      const others = rights.filter((one) => one.trustee !== user.guid);
      rights.splice(0, rights.length, ...others);
    },
  };
}

function takeSendAs(directory: Directory, values: Values): Answer {
  const recipient = exactlyOne(directory, text(values, 'Identity'), anyone);
  const user = exactlyOne(directory, text(values, 'Trustee'), anyone);
  assertRight(values, 'SendAs');
  if (!recipient.sendAs.has(user.guid)) {
    return { warnings: [notPresent(recipient, user, "the ACE isn't present")] };
  }
  return {
    effect: (current) => {
      current.get(recipient.guid).sendAs.delete(user.guid);
    },
  };
}

function sendAsRights(
  directory: Directory,
  one: Recipient,
  who: Recipient | undefined,
): readonly WireObject[] {
  const trustees = [...one.sendAs]
    .filter((guid) => who === undefined || guid === who.guid)
    .map((guid) => trusteeName(directory.get(guid)));
  const all = who === undefined && isMailbox(one) ? [SELF, ...trustees] : trustees;
  return all.map((name) => sendAsRow(one, name));
}

function sendAsRow(one: Recipient, trusteeShown: string): WireObject {
  return {
    Identity: one.name,
    Trustee: trusteeShown,
    AccessControlType: 'Allow',
    AccessRights: ['SendAs'],
    IsInherited: false,
    InheritanceType: 'None',
  };
}

function giveSendAs(directory: Directory, values: Values): Answer {
  const recipient = exactlyOne(directory, text(values, 'Identity'), anyone);
  const user = eligible(directory, text(values, 'Trustee'));
  assertRight(values, 'SendAs');
  const objects = [sendAsRow(recipient, trusteeName(user))];
  if (recipient.sendAs.has(user.guid)) {
    return { objects, warnings: [alreadyPresent(recipient, user)] };
  }
  return {
    objects,
    effect: (current) => {
      current.get(recipient.guid).sendAs.add(user.guid);
    },
  };
}

/** Rights go to mailboxes, mail users and mail-enabled security groups only. */
function eligible(directory: Directory, identity: string | undefined): Recipient {
  const found = exactlyOne(directory, identity, anyone);
  if (
    !isMailbox(found) &&
    found.kind !== 'MailUser' &&
    found.kind !== 'MailUniversalSecurityGroup'
  ) {
    throw notATrustee(identity ?? '');
  }
  return found;
}

function alreadyPresent(object: Recipient, user: Recipient): string {
  return `The appropriate access control entry is already present on the object "${object.distinguishedName}" for account "${trusteeName(user)}".`;
}

function notPresent(object: Recipient, user: Recipient, reason: string): string {
  return `Can't remove the access control entry on the object "${object.distinguishedName}" for account "${trusteeName(user)}" because ${reason}.`;
}
