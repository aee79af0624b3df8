import { z } from 'zod';
import type { Identity } from '../cmdlets/identity.ts';
import { addressSetting, type EmailAddress } from './address.ts';
import type { Finding, FindingKind } from './findings.ts';
import type { Recipient, Resolution } from './ports.ts';
import type { Delegate, Manager, Nobody, Subject } from './subject.ts';

/** Whom a setting names: the line manager of the run, or an address. */
export const delegateSetting = z.union([z.literal('manager'), addressSetting], {
  error: 'must be "manager" or one plain e-mail address',
});
export type DelegateSetting = z.infer<typeof delegateSetting>;

/** The addresses among the named ones: what an operation wants resolved. */
export function addressesOf(named: readonly DelegateSetting[]): readonly EmailAddress[] {
  return named.flatMap((one) => (one === 'manager' ? [] : [one]));
}

export function delegateOf(named: DelegateSetting, subject: Subject): Manager {
  return named === 'manager'
    ? subject.manager
    : (subject.delegates.get(named) ?? { kind: 'missing', address: named });
}

/** What the resolution of an address means for somebody who is not the leaver. */
export function toDelegate(
  address: EmailAddress,
  resolution: Resolution | undefined,
  leaver: string,
): Delegate {
  switch (resolution?.kind) {
    case 'found': {
      const { recipient } = resolution;
      const isLeaver = recipient.guid.toLowerCase() === leaver.toLowerCase();
      return isLeaver ? { kind: 'is-leaver', address } : { kind: 'found', recipient };
    }
    case 'ambiguous':
      return { kind: 'ambiguous', address, count: resolution.count };
    default:
      return { kind: 'missing', address };
  }
}

const KINDS = {
  none: { code: 'manager-none', byDefault: 'warn' },
  'is-leaver': { code: 'delegate-is-leaver', byDefault: 'warn' },
  missing: { code: 'delegate-missing', byDefault: 'warn' },
  ambiguous: { code: 'delegate-ambiguous', byDefault: 'warn' },
} as const satisfies Record<string, FindingKind>;

/** Every finding `absence` may return. */
export const ABSENCES: readonly FindingKind[] = Object.values(KINDS);

/** Why there is nobody; `consequence` is the rest of the sentence: "nobody was given access". */
export function absence(nobody: Nobody, consequence: string): Finding {
  return { kind: KINDS[nobody.kind], sentence: `${reasonOf(nobody)}; ${consequence}.` };
}

function reasonOf(nobody: Nobody): string {
  switch (nobody.kind) {
    case 'none':
      return 'The run names no line manager';
    case 'is-leaver':
      return `${nobody.address} is the leaver`;
    case 'missing':
      return `No recipient in Exchange has the address ${nobody.address}`;
    case 'ambiguous':
      return `${nobody.count} recipients in Exchange have the address ${nobody.address}`;
  }
}

/** "Max Müster <max@example.org>" */
export function nameOf({
  displayName,
  address,
}: Pick<Recipient, 'displayName' | 'address'>): string {
  return `${displayName} <${address}>`;
}

/** An address that belongs to something the work cannot be done with: a list, a contact. */
export const NOT_ELIGIBLE: FindingKind = { code: 'delegate-not-eligible', byDefault: 'warn' };

const CHANGED: FindingKind = { code: 'delegate-changed', byDefault: 'warn' };

/** Every finding `lossOf` may return. */
export const LOSSES: readonly FindingKind[] = [...ABSENCES, CHANGED];

/** Somebody in a stored image. */
interface Remembered {
  readonly guid: Identity;
  readonly address: EmailAddress;
}

/** Them as they are now; undefined if they are gone or somebody else has the address. */
export function presentOf({ guid, address }: Remembered, subject: Subject): Recipient | undefined {
  const now = delegateOf(address, subject);
  return now.kind === 'found' && now.recipient.guid === guid ? now.recipient : undefined;
}

/** Why they are not there any more; undefined if they are. `consequence` as for `absence`. */
export function lossOf(
  one: Remembered,
  subject: Subject,
  consequence: string,
): Finding | undefined {
  const now = delegateOf(one.address, subject);
  if (now.kind !== 'found') {
    return absence(now, consequence);
  }
  const sentence = `${one.address} is somebody else's now; ${consequence}.`;
  return now.recipient.guid === one.guid ? undefined : { kind: CHANGED, sentence };
}
