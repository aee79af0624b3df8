import { type Directory, isMailbox, type Recipient } from './directory.ts';
import { ambiguous, notFound } from './refusal.ts';
import { text, type Values } from './values.ts';

type Test = (recipient: Recipient) => boolean;

export const anyone: Test = () => true;

/** Every recipient an identity may mean. No identity means all of them, and that is a trap to imitate. */
export function matching(
  directory: Directory,
  identity: string | undefined,
  fits: Test,
): readonly Recipient[] {
  if (identity === undefined) {
    return directory.all().filter(fits);
  }
  return [exactlyOne(directory, identity, fits)];
}

/** The recipient an identity means. Throws "not found" or "matches multiple entries". */
export function exactlyOne(
  directory: Directory,
  identity: string | undefined,
  fits: Test,
): Recipient {
  return onlyOne(identity === undefined ? [] : directory.named(identity).filter(fits), identity);
}

/** The mailbox that `-Identity`, or another parameter, names. */
export function mailboxOf(directory: Directory, values: Values, parameter = 'Identity'): Recipient {
  return exactlyOne(directory, text(values, parameter), isMailbox);
}

/** The same for the cmdlets of distribution groups, which do not take a sign-in name. */
export function exactlyOneForGroups(
  directory: Directory,
  identity: string | undefined,
  fits: Test,
): Recipient {
  const isUserName = (one: Recipient) => {
    const addresses = [one.primaryAddress, ...one.otherAddresses].map((each) => each.toLowerCase());
    const asked = identity?.toLowerCase() ?? '';
    return one.userPrincipalName?.toLowerCase() === asked && !addresses.includes(asked);
  };
  return exactlyOne(directory, identity, (one) => fits(one) && !isUserName(one));
}

/** The only one of those found. Throws "not found" or "matches multiple entries". */
export function onlyOne<T>(found: readonly T[], identity: string | undefined): T {
  const [first, ...others] = found;
  if (first === undefined) {
    throw notFound(identity ?? '');
  }
  if (others.length > 0) {
    throw ambiguous(identity ?? '');
  }
  return first;
}
