import { trusteeName } from './describe.ts';
import { type Directory, isMailbox, type Recipient } from './directory.ts';
import { anyone, exactlyOne } from './find.ts';
import { invalidValue, notATrustee } from './refusal.ts';
import { text, texts, type Values } from './values.ts';

/** The owner's own entry in a permission list. */
export const SELF = 'NT AUTHORITY\\SELF';

/** Whom a listing asks about; undefined for everybody. */
export function askedTrustee(
  directory: Directory,
  values: Values,
  name: string,
): Recipient | undefined {
  const asked = text(values, name);
  return asked === undefined ? undefined : exactlyOne(directory, asked, anyone);
}

/** Rights go to mailboxes, mail users and mail-enabled security groups only. */
export function eligibleTrustee(directory: Directory, identity: string | undefined): Recipient {
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

/** Other rights than these two are not imitated. */
export function assertRight(values: Values, right: 'FullAccess' | 'SendAs'): void {
  const rights = texts(values, 'AccessRights');
  if (rights.length !== 1 || rights[0]?.toLowerCase() !== right.toLowerCase()) {
    throw invalidValue('AccessRights', rights.join(', '));
  }
}

/** The warning of a right given twice. */
export function alreadyPresent(object: Recipient, user: Recipient): string {
  return `The appropriate access control entry is already present on the object "${object.distinguishedName}" for account "${trusteeName(user)}".`;
}

/** The warning of a right taken twice; the two cmdlets give different reasons. */
export function notPresent(object: Recipient, user: Recipient, reason: string): string {
  return `Can't remove the access control entry on the object "${object.distinguishedName}" for account "${trusteeName(user)}" because ${reason}.`;
}
