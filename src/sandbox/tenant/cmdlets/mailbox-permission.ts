import type { WireObject } from '../../wire.ts';
import { type Answer, type Cmdlet, page } from '../cmdlet.ts';
import { trusteeName } from '../describe.ts';
import { type Directory, isMailbox, type MailboxRight, type Recipient } from '../directory.ts';
import { anyone, exactlyOne, mailboxOf, matching } from '../find.ts';
import {
  alreadyPresent,
  askedTrustee,
  assertRight,
  eligibleTrustee,
  notPresent,
  SELF,
} from '../trustee.ts';
import { flag, isGiven, text, type Values } from '../values.ts';

export const getMailboxPermission: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'User', 'ResultSize'],
  run: (directory, values) => {
    const user = askedTrustee(directory, values, 'User');
    const mailboxes = matching(directory, text(values, 'Identity'), isMailbox);
    return page(
      mailboxes.flatMap((mailbox) => rowsOf(directory, mailbox, user)),
      values,
    );
  },
};

export const addMailboxPermission: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'User', 'AccessRights', 'InheritanceType', 'AutoMapping'],
  run: (directory, values) => give(directory, values),
};

export const removeMailboxPermission: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'User', 'AccessRights', 'InheritanceType'],
  run: (directory, values) => take(directory, values),
};

/** The list of a mailbox has more than grants: its owner and what is inherited from above. */
function rowsOf(
  directory: Directory,
  mailbox: Recipient,
  user: Recipient | undefined,
): readonly WireObject[] {
  const granted = mailbox.mailboxRights
    .filter((one) => user === undefined || one.trustee === user.guid)
    .map((one) => row(mailbox, trusteeName(directory.get(one.trustee)), one));
  return user === undefined
    ? [...ALWAYS_THERE.map((one) => row(mailbox, one.trustee, one)), ...granted]
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

function row(mailbox: Recipient, user: string, right: MailboxRight): WireObject {
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

function give(directory: Directory, values: Values): Answer {
  const mailbox = mailboxOf(directory, values);
  const user = eligibleTrustee(directory, text(values, 'User'));
  assertRight(values, 'FullAccess');
  const right: MailboxRight = {
    trustee: user.guid,
    rights: ['FullAccess'],
    isInherited: false,
    deny: false,
    // On unless it is switched off.
    autoMapping: !isGiven(values, 'AutoMapping') || flag(values, 'AutoMapping'),
  };
  const objects = [row(mailbox, trusteeName(user), right)];
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

function take(directory: Directory, values: Values): Answer {
  const mailbox = mailboxOf(directory, values);
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
