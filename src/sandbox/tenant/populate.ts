import {
  CAST,
  CONTACTS,
  GROUPS,
  type GroupRole,
  LEAVER,
  MANAGER,
  type Role,
  TWIN,
} from './cast.ts';
import {
  Directory,
  type MailboxSettings,
  type Recipient,
  type RecipientKind,
} from './directory.ts';
import { Seeded } from './seeded.ts';

export const ORGANIZATION = 'contoso.onmicrosoft.com';
export const DOMAIN = 'example.org';

export interface Population {
  readonly seed: number;
  /** How many people and groups; never fewer than the fixed ones. */
  readonly people: number;
  readonly groups: number;
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
  const others = Array.from({ length: Math.max(0, people - CAST.length) }, (_, index): Role => {
    const first = seeded.pick(`first:${index}`, FIRST);
    const last = seeded.pick(`last:${index}`, LAST);
    const mailName = `${plain(first)}.${plain(last)}.${index + 1}`;
    return { name: `${first} ${last} ${index + 1}`, mailName };
  });
  return [...CAST, ...others];
}

export function describePerson(role: Role): SandboxPerson {
  const manager = role.manager === undefined ? MANAGER : role.manager;
  return {
    name: role.name,
    email: addressOf(role.mailName),
    managerEmail: manager === null ? undefined : addressOf(manager),
  };
}

/** Builds the tenant's directory: the same seed and numbers give the same one, to the letter. */
export function populate(population: Population): Directory {
  const seeded = new Seeded(population.seed);
  const directory = new Directory();
  const people = peopleOf(population);
  for (const role of [...people, TWIN]) {
    if (role.kind !== 'none') {
      directory.add(person(seeded, role, role.kind ?? 'UserMailbox'));
    }
  }
  const contacts = Array.from({ length: CONTACTS - 1 }, (_, index) => contact(seeded, index));
  contacts.forEach((one) => {
    directory.add(one);
  });
  for (const role of [...GROUPS, ...otherGroups(seeded, population, people)]) {
    directory.add(group(seeded, role, contacts));
  }
  return directory;
}

export function addressOf(mailName: string): string {
  return `${mailName}@${DOMAIN}`;
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
  }));
}

function person(seeded: Seeded, role: Role, kind: RecipientKind): Recipient {
  const others = (role.otherMailNames ?? []).map(addressOf);
  const base = recipient(seeded, role.name, role.mailName, kind);
  return {
    ...base,
    otherAddresses: [...others, `${role.mailName}@${ORGANIZATION}`],
    userPrincipalName:
      kind === 'MailContact' ? undefined : addressOf(role.signInName ?? role.mailName),
    isDirSynced: role.isDirSynced ?? false,
    isSoftDeleted: role.isSoftDeleted ?? false,
    mailbox: { ...base.mailbox, ...role.mailbox },
  };
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
  };
}

const FIRST_DAY = Date.UTC(2019, 0, 7);
const DAY_MS = 86_400_000;

function recipient(seeded: Seeded, name: string, mailName: string, kind: RecipientKind): Recipient {
  return {
    guid: seeded.guid(mailName),
    entraId: seeded.guid(`entra:${mailName}`),
    exchangeGuid: seeded.guid(`exchange:${mailName}`),
    name,
    displayName: name,
    alias: mailName,
    // A comma is part of the syntax of a distinguished name.
    distinguishedName: `CN=${name.replaceAll(',', '\\,')},OU=${ORGANIZATION},OU=Microsoft Exchange Hosted Organizations,DC=EURPR06A001,DC=PROD,DC=OUTLOOK,DC=COM`,
    primaryAddress: addressOf(mailName),
    otherAddresses: [],
    userPrincipalName: undefined,
    isDirSynced: false,
    isSoftDeleted: false,
    createdAt: new Date(
      FIRST_DAY + seeded.number(`created:${mailName}`, 2_000) * DAY_MS,
    ).toISOString(),
    kind,
    mailbox: mailboxSettings(seeded, mailName),
    mailboxRights: [],
    sendAs: new Set(),
    members: new Set(),
  };
}

const MEGABYTE = 2 ** 20;

function mailboxSettings(seeded: Seeded, mailName: string): MailboxSettings {
  return {
    forwardingAddress: null,
    forwardingSmtpAddress: null,
    deliverToMailboxAndForward: false,
    isHidden: false,
    litigationHold: false,
    litigationHoldDuration: 'Unlimited',
    inPlaceHolds: [],
    hasArchive: false,
    sizeBytes: (1 + seeded.number(`size:${mailName}`, 20_000)) * MEGABYTE,
    messageCopyForSentAs: false,
    messageCopyForSendOnBehalf: false,
    grantSendOnBehalfTo: new Set(),
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
