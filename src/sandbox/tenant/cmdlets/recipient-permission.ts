import type { WireObject } from '../../wire.ts';
import { type Answer, type Cmdlet, page } from '../cmdlet.ts';
import { trusteeName } from '../describe.ts';
import { type Directory, isMailbox, type Recipient } from '../directory.ts';
import { isAccepted } from '../domains.ts';
import { anyone, exactlyOne, matching } from '../find.ts';
import { notAcceptedDomain } from '../refusal.ts';
import {
  alreadyPresent,
  askedTrustee,
  assertRight,
  eligibleTrustee,
  notPresent,
  SELF,
} from '../trustee.ts';
import { text, type Values } from '../values.ts';

export const getRecipientPermission: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Trustee', 'AccessRights', 'ResultSize'],
  run: (directory, values) => {
    const who = askedTrustee(directory, values, 'Trustee');
    const recipients = matching(directory, text(values, 'Identity'), anyone);
    return page(
      recipients.flatMap((one) => rowsOf(directory, one, who)),
      values,
    );
  },
};

export const addRecipientPermission: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Trustee', 'AccessRights'],
  run: (directory, values) => give(directory, values),
};

export const removeRecipientPermission: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Trustee', 'AccessRights'],
  run: (directory, values) => take(directory, values),
};

function rowsOf(
  directory: Directory,
  one: Recipient,
  who: Recipient | undefined,
): readonly WireObject[] {
  const trustees = [...one.sendAs]
    .filter((guid) => who === undefined || guid === who.guid)
    .map((guid) => trusteeName(directory.get(guid)));
  const all = who === undefined && isMailbox(one) ? [SELF, ...trustees] : trustees;
  return all.map((name) => row(one, name));
}

function row(one: Recipient, trusteeShown: string): WireObject {
  return {
    Identity: one.name,
    Trustee: trusteeShown,
    AccessControlType: 'Allow',
    AccessRights: ['SendAs'],
    IsInherited: false,
    InheritanceType: 'None',
  };
}

function give(directory: Directory, values: Values): Answer {
  const recipient = exactlyOne(directory, text(values, 'Identity'), anyone);
  const user = eligibleTrustee(directory, text(values, 'Trustee'));
  assertRight(values, 'SendAs');
  if (!isAccepted(user.primaryAddress)) {
    throw notAcceptedDomain(user.primaryAddress);
  }
  const objects = [row(recipient, trusteeName(user))];
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

function take(directory: Directory, values: Values): Answer {
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
