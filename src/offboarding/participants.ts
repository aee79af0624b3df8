import type { EmailAddress } from './address.ts';
import type { Finding, Manager } from './operations/operation.ts';
import type { Exchange, Person, Resolution } from './ports.ts';
import type { Participants } from './snapshot.ts';

export type Gathering =
  | { readonly kind: 'gathered'; readonly participants: Participants }
  | { readonly kind: 'stopped'; readonly finding: Finding };

const MAILBOXES = ['UserMailbox', 'SharedMailbox'];
/** https://learn.microsoft.com/powershell/module/exchangepowershell/add-mailboxpermission */
const MAY_HOLD_RIGHTS = ['UserMailbox', 'MailUser', 'MailUniversalSecurityGroup'];

/** Turns the addresses of a run into exactly one mailbox and at most one manager, in one call. */
export async function gather(exchange: Exchange, person: Person): Promise<Gathering> {
  const addresses = [person.email, ...(person.managerEmail ? [person.managerEmail] : [])];
  const found = await exchange.resolve(addresses);
  const resolution = found.get(person.email) ?? { kind: 'missing' };
  if (resolution.kind !== 'found') {
    return stopped(`mailbox-${resolution.kind}`, sentenceFor(person.email, resolution));
  }
  const { recipient } = resolution;
  if (!MAILBOXES.includes(recipient.type)) {
    return stopped('not-a-mailbox', `${person.email} is a ${recipient.type}, not a mailbox.`);
  }
  const manager = managerOf(person, resolution, found);
  return { kind: 'gathered', participants: { person, mailbox: recipient.guid, manager } };
}

function stopped(code: string, sentence: string): Gathering {
  return { kind: 'stopped', finding: { code, severity: 'stop', sentence } };
}

function sentenceFor(
  address: EmailAddress,
  resolution: Exclude<Resolution, { kind: 'found' }>,
): string {
  return resolution.kind === 'missing'
    ? `No recipient in Exchange has the address ${address}.`
    : `${resolution.count} recipients in Exchange have the address ${address}.`;
}

function managerOf(
  person: Person,
  leaver: Extract<Resolution, { kind: 'found' }>,
  found: ReadonlyMap<EmailAddress, Resolution>,
): Manager {
  if (person.managerEmail === undefined) {
    return { kind: 'none' };
  }
  const unusable = { kind: 'unusable', address: person.managerEmail } as const;
  const resolution = found.get(person.managerEmail) ?? { kind: 'missing' };
  if (resolution.kind !== 'found') {
    return { ...unusable, why: resolution.kind };
  }
  if (resolution.recipient.guid.toLowerCase() === leaver.recipient.guid.toLowerCase()) {
    return { kind: 'is-leaver' };
  }
  return MAY_HOLD_RIGHTS.includes(resolution.recipient.type)
    ? { kind: 'found', recipient: resolution.recipient }
    : { ...unusable, why: 'not-eligible' };
}
