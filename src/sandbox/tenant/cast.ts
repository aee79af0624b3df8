import type { RecipientKind } from './directory.ts';
import type { RuleDefinition } from './mailbox.ts';

/** A person as the story needs them. What is left out is the usual case. */
export interface Role {
  readonly name: string;
  /** Where it differs from the name, which nobody else has. */
  readonly displayName?: string;
  readonly mailName: string;
  /** Where the address is in another domain. */
  readonly domain?: string;
  /** Mail name of the line manager; null for none, left out for the default one. */
  readonly manager?: string | null;
  /** `none`: known to the personnel system, but no recipient at all. */
  readonly kind?: RecipientKind | 'none';
  readonly otherMailNames?: readonly string[];
  /** Where the sign-in name differs from the address. */
  readonly signInName?: string;
  readonly isDirSynced?: boolean;
  readonly isSoftDeleted?: boolean;
  readonly mailbox?: Belongings;
}

/** What is in somebody's mailbox, and who may use it, by mail name. What is left out is up to the seed. */
export interface Belongings {
  readonly gigabytes?: number;
  /** Up to its quota. */
  readonly isFull?: boolean;
  readonly isLicensed?: boolean;
  readonly hasArchive?: boolean;
  readonly isOnLitigationHold?: boolean;
  readonly inPlaceHolds?: readonly string[];
  readonly fullAccess?: readonly string[];
  readonly sendAs?: readonly string[];
  readonly sendOnBehalf?: readonly string[];
  readonly rules?: readonly RuleRole[];
  readonly outlookRules?: readonly string[];
  readonly devices?: readonly DeviceRole[];
  readonly meetings?: readonly MeetingRole[];
}

export interface RuleRole {
  readonly name: string;
  readonly isEnabled?: boolean;
  /** Recipients by mail name, or by an address outside. */
  readonly definition: RuleDefinition;
}

export interface DeviceRole {
  readonly name: string;
  readonly type: string;
  readonly os: string;
  readonly client: 'REST' | 'EAS';
}

export interface MeetingRole {
  readonly subject: string;
  readonly isOrganizer?: boolean;
  readonly attendees: number;
  /** Days after the tenant was opened. */
  readonly day: number;
  /** Left out: once. */
  readonly weeks?: number;
}

export const LEAVER = "lee.o'neil-astrom";
export const MANAGER = 'max.muster';

/** Some of everything that a person leaves behind. */
const LEFT_BEHIND: Belongings = {
  gigabytes: 18,
  rules: [
    {
      name: 'Invoices',
      definition: { SubjectContainsWords: ['invoice'], MoveToFolder: 'Invoices' },
    },
    { name: 'Copy home', definition: { ForwardTo: ['lee.private@mail.example'] } },
    {
      name: 'Holiday cover',
      isEnabled: false,
      definition: { RedirectTo: [MANAGER], StopProcessingRules: true },
    },
  ],
  outlookRules: ['Play a sound'],
  devices: [
    { name: 'Outlook for iOS', type: 'Outlook', os: 'iOS 26.1', client: 'REST' },
    { name: 'Galaxy Tab', type: 'SamsungDevice', os: 'Android 16', client: 'EAS' },
  ],
  meetings: [
    { subject: 'Buyers’ weekly', attendees: 5, day: -30, weeks: 52 },
    { subject: 'Supplier review', attendees: 3, day: 12 },
    { subject: 'Kick-off', attendees: 4, day: -40 },
    { subject: 'Dentist', attendees: 0, day: 5 },
    { subject: 'All hands', isOrganizer: false, attendees: 40, day: 2, weeks: 20 },
  ],
};

/** The people every sandbox has, each with one thing that goes wrong in real tenants. */
export const CAST: readonly Role[] = [
  {
    name: "Lee O'Neil-Åström",
    mailName: LEAVER,
    otherMailNames: ['lee.astrom', "l.o'neil"],
    signInName: 'lee.oneil',
    mailbox: LEFT_BEHIND,
  },
  { name: 'Max Müster', mailName: MANAGER, manager: 'ada.boss', otherMailNames: ['max'] },
  {
    name: 'Ada Boss',
    mailName: 'ada.boss',
    manager: null,
    mailbox: { sendOnBehalf: [LEAVER] },
  },
  { name: 'Siobhán D\u2019Arcy', mailName: 'siobhan.darcy', signInName: 'sdarcy' },
  { name: 'Łukasz Żółć', mailName: 'lukasz.zolc', mailbox: { fullAccess: [LEAVER] } },
  { name: '李 娜', mailName: 'li.na' },
  { name: 'Nora Nobody', mailName: 'nora.nobody', manager: null },
  { name: 'Olga Own', mailName: 'olga.own', manager: 'olga.own' },
  { name: 'Gil Gone', mailName: 'gil.gone', manager: 'left.long-ago' },
  { name: 'Mia Mailuser', mailName: 'mia.mailuser', kind: 'MailUser' },
  { name: 'Sven Synced', mailName: 'sven.synced', isDirSynced: true },
  {
    name: 'Sara Shared',
    mailName: 'sara.shared',
    kind: 'SharedMailbox',
    mailbox: { isLicensed: false, fullAccess: [LEAVER], sendAs: [LEAVER] },
  },
  { name: 'Nick Nomail', mailName: 'nick.nomail', kind: 'none' },
  { name: 'Tom Twin', mailName: 'tom.twin' },
  {
    name: 'Heidi Held',
    mailName: 'heidi.held',
    mailbox: {
      gigabytes: 61,
      hasArchive: true,
      isOnLitigationHold: true,
      inPlaceHolds: ['UniH7d895d48-7e23-4a8d-8346-533c3beac15d'],
    },
  },
  { name: 'Felix Full', mailName: 'felix.full', mailbox: { isFull: true } },
  { name: 'Max Müster (2)', displayName: 'Max Müster', mailName: 'max.muster.2' },
  { name: 'Dora Deleted', mailName: 'dora.deleted', isSoftDeleted: true },
];

/** Recipients no personnel system knows: one shares an address with Tom Twin, one has hers elsewhere. */
export const STRANGERS: readonly Role[] = [
  {
    name: 'Tom Twin (contact)',
    mailName: 'tom.twin.contact',
    kind: 'MailContact',
    otherMailNames: ['tom.twin'],
  },
  { name: 'Pia Partner', mailName: 'pia.partner', kind: 'MailUser', domain: 'partner.example' },
];

export interface GroupRole {
  readonly name: string;
  readonly mailName: string;
  readonly kind: RecipientKind;
  readonly isDirSynced?: boolean;
  /** Mail names of its members. */
  readonly members: readonly string[];
  readonly owners: readonly string[];
  /** Further members that are contacts outside. */
  readonly contacts?: number;
}

/** More than one page of any listing. */
export const CONTACTS = 1_500;

export const GROUPS: readonly GroupRole[] = [
  {
    name: 'Buyers',
    mailName: 'buyers',
    kind: 'MailUniversalDistributionGroup',
    members: [LEAVER, MANAGER, 'li.na'],
    owners: [LEAVER, 'ada.boss'],
  },
  {
    name: "O'Brien\u2019s Readers",
    mailName: "o'brien.readers",
    kind: 'MailUniversalDistributionGroup',
    members: ['siobhan.darcy', LEAVER],
    owners: [LEAVER],
  },
  {
    name: 'Newsletter',
    mailName: 'newsletter',
    kind: 'MailUniversalDistributionGroup',
    members: [LEAVER],
    owners: ['ada.boss'],
    contacts: CONTACTS - 1,
  },
  {
    name: 'Vault Access',
    mailName: 'vault-access',
    kind: 'MailUniversalSecurityGroup',
    members: [LEAVER, MANAGER],
    owners: [MANAGER],
  },
  {
    name: 'Old Datacentre List',
    mailName: 'old-datacentre',
    kind: 'MailUniversalDistributionGroup',
    isDirSynced: true,
    members: [LEAVER, 'sven.synced'],
    owners: [LEAVER],
  },
  {
    name: 'Project Phönix',
    mailName: 'project-phoenix',
    kind: 'GroupMailbox',
    members: [LEAVER, MANAGER, 'ada.boss'],
    owners: [LEAVER, MANAGER],
  },
  {
    name: 'Everyone in Sales',
    mailName: 'sales',
    kind: 'DynamicDistributionGroup',
    members: [],
    owners: ['ada.boss'],
  },
  {
    name: 'Rooms, 2nd floor',
    mailName: 'rooms-2',
    kind: 'RoomList',
    members: ['sara.shared'],
    owners: ['ada.boss'],
  },
];
