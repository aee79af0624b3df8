import { call } from '../cmdlets/call.ts';
import type { Identity } from '../cmdlets/identity.ts';
import { opathText } from '../cmdlets/opath.ts';
import type { EmailAddress } from './address.ts';
import type { Addresses } from './brakes.ts';
import { toDelegate } from './delegates.ts';
import type { Finding, FindingKind } from './findings.ts';
import type { Operation } from './operations/operation.ts';
import type { Exchange, Person, Resolution } from './ports.ts';
import type { Delegate, Manager } from './subject.ts';

/** Who takes part, resolved once per attempt: from here on only GUIDs are used. */
export interface Participants {
  readonly person: Person;
  readonly mailbox: Identity;
  readonly manager: Manager;
  readonly delegates: ReadonlyMap<EmailAddress, Delegate>;
}

export type Gathering =
  | {
      readonly kind: 'gathered';
      readonly participants: Participants;
      readonly addresses: Addresses;
    }
  /** There is no mailbox to work on. */
  | { readonly kind: 'nobody'; readonly finding: Finding };

const MAILBOXES = ['UserMailbox', 'SharedMailbox'];

const NOBODY = {
  missing: { code: 'mailbox-missing', byDefault: 'stop' },
  ambiguous: { code: 'mailbox-ambiguous', byDefault: 'stop' },
  softDeleted: { code: 'mailbox-soft-deleted', byDefault: 'stop' },
  notAMailbox: { code: 'not-a-mailbox', byDefault: 'stop' },
} as const satisfies Record<string, FindingKind>;

/** Every finding `gather` may return. */
export const NOBODY_FINDINGS: readonly FindingKind[] = Object.values(NOBODY);

/** Turns the addresses of a run and of the settings into exactly one mailbox and delegates, in one call. */
export async function gather(
  exchange: Exchange,
  person: Person,
  operations: readonly Operation[],
): Promise<Gathering> {
  const { email, managerEmail } = person;
  const named = operations.flatMap(({ addresses }) => addresses ?? []);
  const others = [...named, ...(managerEmail === undefined ? [] : [managerEmail])];
  const found = await exchange.resolve([email, ...others]);
  const leaver = found.get(email) ?? { kind: 'missing' };
  if (leaver.kind !== 'found') {
    return { kind: 'nobody', finding: await nobody(exchange, email, leaver) };
  }
  const { guid, type, address, addresses } = leaver.recipient;
  if (!MAILBOXES.includes(type)) {
    const sentence = `${email} is a ${type}, not a mailbox in the cloud.`;
    return { kind: 'nobody', finding: { kind: NOBODY.notAMailbox, sentence } };
  }
  const delegateAt = (address: EmailAddress) => toDelegate(address, found.get(address), guid);
  const participants = {
    person,
    mailbox: guid,
    manager: managerEmail === undefined ? ({ kind: 'none' } as const) : delegateAt(managerEmail),
    delegates: new Map(named.map((address) => [address, delegateAt(address)])),
  };
  return {
    kind: 'gathered',
    participants,
    addresses: { named: email, primary: address, all: addresses },
  };
}

/** Where there is no mailbox, the address they came with is all there is. */
export function addressesOf({ email }: Person, gathering: Gathering): Addresses {
  return gathering.kind === 'gathered'
    ? gathering.addresses
    : { named: email, primary: email, all: [] };
}

async function nobody(
  exchange: Exchange,
  email: EmailAddress,
  leaver: Exclude<Resolution, { kind: 'found' }>,
): Promise<Finding> {
  if (leaver.kind === 'ambiguous') {
    const sentence = `${leaver.count} recipients in Exchange have the address ${email}.`;
    return { kind: NOBODY.ambiguous, sentence };
  }
  const deleted = await exchange.read(
    call(
      'Get-Mailbox',
      { Filter: `EmailAddresses -eq ${opathText(email)}`, SoftDeletedMailbox: true },
      ['Guid'],
    ),
  );
  return deleted.length === 0
    ? { kind: NOBODY.missing, sentence: `No recipient in Exchange has the address ${email}.` }
    : { kind: NOBODY.softDeleted, sentence: `The mailbox of ${email} is deleted (softly).` };
}
