import { mailboxOf } from './belongings.ts';
import {
  CAST,
  CONTACTS,
  GROUPS,
  type GroupRole,
  LEAVER,
  MANAGER,
  type Role,
  STRANGERS,
} from './cast.ts';
import {
  type AutoForwarding,
  Directory,
  isMailbox,
  type MailboxRight,
  type Recipient,
  type RecipientKind,
} from './directory.ts';
import { DOMAIN, ORGANIZATION } from './domains.ts';
import { emptyMailbox } from './mailbox.ts';
import { Seeded } from './seeded.ts';

export interface Population {
  readonly seed: number;
  /** How many people and groups; never fewer than the fixed ones. */
  readonly people: number;
  readonly groups: number;
  /** Contacts outside, all but one of them in one group; more than one page of a listing if left out. */
  readonly contacts?: number;
  readonly autoForwarding?: AutoForwarding | undefined;
}

/** A person as the personnel system knows them. */
export interface SandboxPerson {
  readonly name: string;
  readonly email: string;
  readonly managerEmail: string | undefined;
}

const FIRST = [
  'Anna',
  'Björn',
  'Chloé',
  'Davíð',
  'Emre',
  'Fatima',
  'Grace',
  'Hugo',
  'Inês',
  'Jürgen',
];
const LAST = [
  "O'Hara",
  'Smith',
  'García',
  'Nowak',
  'Øst',
  'D\u2019Angelo',
  'Weiß',
  'Li',
  'Novák',
  'Brown',
];

/** The fixed cast, then as many others as asked for. */
export function peopleOf({ seed, people }: Population): readonly Role[] {
  const seeded = new Seeded(seed);
  const others = Array.from({ length: Math.max(0, people - CAST.length) }, (_, index) =>
    other(seeded, index),
  );
  return [...CAST, ...others];
}

/** Each may use the mailbox of the one before, now and then. */
function other(seeded: Seeded, index: number): Role {
  const nameAt = (at: number) => ({
    first: seeded.pick(`first:${at}`, FIRST),
    last: seeded.pick(`last:${at}`, LAST),
  });
  const mailNameAt = (at: number) =>
    `${plain(nameAt(at).first)}.${plain(nameAt(at).last)}.${at + 1}`;
  const { first, last } = nameAt(index);
  const neighbour =
    index > 0 && seeded.chance(`neighbour:${index}`, 4) ? [mailNameAt(index - 1)] : [];
  return {
    name: `${first} ${last} ${index + 1}`,
    mailName: mailNameAt(index),
    mailbox: { fullAccess: neighbour, sendAs: neighbour, sendOnBehalf: neighbour },
  };
}

export function describePerson(role: Role): SandboxPerson {
  const manager = role.manager === undefined ? MANAGER : role.manager;
  return {
    name: role.displayName ?? role.name,
    email: addressOf(role.mailName),
    managerEmail: manager === null ? undefined : addressOf(manager),
  };
}

/** Builds the tenant's directory: the same seed and numbers give the same one, to the letter. */
export function populate(population: Population): Directory {
  const seeded = new Seeded(population.seed);
  const directory = new Directory(population.autoForwarding);
  const people = peopleOf(population);
  for (const role of [...people, ...STRANGERS]) {
    if (role.kind !== 'none') {
      directory.add(person(seeded, role, role.kind ?? 'UserMailbox'));
    }
  }
  const length = Math.max(0, (population.contacts ?? CONTACTS) - 1);
  const contacts = Array.from({ length }, (_, index) => contact(seeded, index));
  contacts.forEach((one) => {
    directory.add(one);
  });
  for (const role of [...GROUPS, ...otherGroups(seeded, population, people)]) {
    directory.add(group(seeded, role, contacts));
  }
  return directory;
}

export function addressOf(mailName: string, domain = DOMAIN): string {
  return `${mailName}@${domain}`;
}

/** Groups the default leaver is no member of, so that their number changes nothing for them. */
function otherGroups(
  seeded: Seeded,
  { groups }: Population,
  people: readonly Role[],
): readonly GroupRole[] {
  const candidates = people
    .filter(
      ({ kind, mailName, isSoftDeleted }) =>
        kind !== 'none' && !isSoftDeleted && mailName !== LEAVER,
    )
    .map(({ mailName }) => mailName);
  return Array.from({ length: Math.max(0, groups - GROUPS.length) }, (_, index) => ({
    name: `Group ${index + 1}`,
    mailName: `group.${index + 1}`,
    kind: 'MailUniversalDistributionGroup',
    members: Array.from({ length: 3 + seeded.number(`size:${index}`, 6) }, (__, member) =>
      seeded.pick(`member:${index}:${member}`, candidates),
    ),
    owners: [seeded.pick(`owner:${index}`, candidates)],
  }));
}

function person(seeded: Seeded, role: Role, kind: RecipientKind): Recipient {
  const others = (role.otherMailNames ?? []).map((name) => addressOf(name));
  const base = recipient(seeded, role.name, role.mailName, kind);
  const { fullAccess = [], sendAs = [] } = role.mailbox ?? {};
  return {
    ...base,
    displayName: role.displayName ?? role.name,
    primaryAddress: addressOf(role.mailName, role.domain),
    otherAddresses: [...others, addressOf(role.mailName, ORGANIZATION)],
    userPrincipalName:
      kind === 'MailContact' ? undefined : addressOf(role.signInName ?? role.mailName),
    isDirSynced: role.isDirSynced ?? false,
    isSoftDeleted: role.isSoftDeleted ?? false,
    mailbox: isMailbox(base) ? mailboxOf(seeded, role, base.createdAt) : base.mailbox,
    mailboxRights: fullAccess.map((name) => fullAccessOf(seeded.guid(name))),
    sendAs: new Set(sendAs.map((name) => seeded.guid(name))),
  };
}

function fullAccessOf(trustee: string): MailboxRight {
  return { trustee, rights: ['FullAccess'], isInherited: false, deny: false, autoMapping: true };
}

function contact(seeded: Seeded, index: number): Recipient {
  const number = String(index + 1).padStart(4, '0');
  return recipient(seeded, `Subscriber ${number}`, `subscriber.${number}`, 'MailContact');
}

function group(seeded: Seeded, role: GroupRole, contacts: readonly Recipient[]): Recipient {
  const outside = contacts.slice(0, role.contacts ?? 0).map(({ guid }) => guid);
  // The people come last: whoever reads only the first thousand misses them.
  const people = role.members.map((mailName) => seeded.guid(mailName));
  return {
    ...recipient(seeded, role.name, role.mailName, role.kind),
    isDirSynced: role.isDirSynced ?? false,
    members: new Set([...outside, ...people]),
    managedBy: new Set(role.owners.map((mailName) => seeded.guid(mailName))),
  };
}

const FIRST_DAY = Date.UTC(2019, 0, 7);
const DAY_MS = 86_400_000;
/** Nobody writes to it: it stands for the mailbox of those who have none. */
const NO_MAILBOX = emptyMailbox(new Date(FIRST_DAY).toISOString());

function recipient(seeded: Seeded, name: string, mailName: string, kind: RecipientKind): Recipient {
  const guid = seeded.guid(mailName);
  return {
    guid,
    entraId: seeded.guid(`entra:${mailName}`),
    exchangeGuid: seeded.guid(`exchange:${mailName}`),
    name,
    displayName: name,
    alias: mailName,
    // A comma is part of the syntax of a distinguished name.
    distinguishedName: `CN=${name.replaceAll(',', '\\,')},OU=${ORGANIZATION},OU=Microsoft Exchange Hosted Organizations,DC=EURPR06A001,DC=PROD,DC=OUTLOOK,DC=COM`,
    legacyExchangeDn: `/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=${guid.replaceAll('-', '')}`,
    primaryAddress: addressOf(mailName),
    otherAddresses: [],
    userPrincipalName: undefined,
    isDirSynced: false,
    isSoftDeleted: false,
    createdAt: new Date(
      FIRST_DAY + seeded.number(`created:${mailName}`, 2_000) * DAY_MS,
    ).toISOString(),
    kind,
    mailbox: NO_MAILBOX,
    mailboxRights: [],
    sendAs: new Set(),
    members: new Set(),
    managedBy: new Set(),
  };
}

/** ASCII letters of a name; keeps an apostrophe, which an address may hold. */
function plain(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll('Ø', 'O')
    .replaceAll('ß', 'ss')
    .replaceAll('ð', 'd')
    .replace(/[^A-Za-z']/g, '')
    .toLowerCase();
}
