import type { MailboxSettings, RecipientKind } from './directory.ts';

/** A person as the story needs them. What is left out is the usual case. */
export interface Role {
  readonly name: string;
  readonly mailName: string;
  /** Mail name of the line manager; null for none, left out for the default one. */
  readonly manager?: string | null;
  /** `none`: known to the personnel system, but no recipient at all. */
  readonly kind?: RecipientKind | 'none';
  readonly otherMailNames?: readonly string[];
  /** Where the sign-in name differs from the address. */
  readonly signInName?: string;
  readonly isDirSynced?: boolean;
  readonly isSoftDeleted?: boolean;
  readonly mailbox?: Partial<Omit<MailboxSettings, 'grantSendOnBehalfTo'>>;
}

export const LEAVER = "lee.o'neil-astrom";
export const MANAGER = 'max.muster';

/** The people every sandbox has, each with one thing that goes wrong in real tenants. */
export const CAST: readonly Role[] = [
  {
    name: "Lee O'Neil-Åström",
    mailName: LEAVER,
    otherMailNames: ['lee.astrom', "l.o'neil"],
    signInName: 'lee.oneil',
  },
  { name: 'Max Müster', mailName: MANAGER, manager: 'ada.boss', otherMailNames: ['max'] },
  { name: 'Ada Boss', mailName: 'ada.boss', manager: null },
  { name: 'Siobhán D\u2019Arcy', mailName: 'siobhan.darcy', signInName: 'sdarcy' },
  { name: 'Łukasz Żółć', mailName: 'lukasz.zolc' },
  { name: '李 娜', mailName: 'li.na' },
  { name: 'Nora Nobody', mailName: 'nora.nobody', manager: null },
  { name: 'Olga Own', mailName: 'olga.own', manager: 'olga.own' },
  { name: 'Gil Gone', mailName: 'gil.gone', manager: 'left.long-ago' },
  { name: 'Mia Mailuser', mailName: 'mia.mailuser', kind: 'MailUser' },
  { name: 'Sven Synced', mailName: 'sven.synced', isDirSynced: true },
  { name: 'Sara Shared', mailName: 'sara.shared', kind: 'SharedMailbox' },
  { name: 'Nick Nomail', mailName: 'nick.nomail', kind: 'none' },
  { name: 'Tom Twin', mailName: 'tom.twin' },
  {
    name: 'Heidi Held',
    mailName: 'heidi.held',
    mailbox: {
      sizeBytes: 61 * 2 ** 30,
      hasArchive: true,
      litigationHold: true,
      inPlaceHolds: ['UniH7d895d48-7e23-4a8d-8346-533c3beac15d'],
    },
  },
  { name: 'Dora Deleted', mailName: 'dora.deleted', isSoftDeleted: true },
];

/** Has an address of Tom Twin's: whoever asks for that address must get two answers. */
export const TWIN: Role = {
  name: 'Tom Twin (contact)',
  mailName: 'tom.twin.contact',
  kind: 'MailContact',
  otherMailNames: ['tom.twin'],
};

export interface GroupRole {
  readonly name: string;
  readonly mailName: string;
  readonly kind: RecipientKind;
  readonly isDirSynced?: boolean;
  /** Mail names of its members. */
  readonly members: readonly string[];
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
  },
  {
    name: "O'Brien\u2019s Readers",
    mailName: "o'brien.readers",
    kind: 'MailUniversalDistributionGroup',
    members: ['siobhan.darcy', LEAVER],
  },
  {
    name: 'Newsletter',
    mailName: 'newsletter',
    kind: 'MailUniversalDistributionGroup',
    members: [LEAVER],
    contacts: CONTACTS - 1,
  },
  {
    name: 'Vault Access',
    mailName: 'vault-access',
    kind: 'MailUniversalSecurityGroup',
    members: [LEAVER, MANAGER],
  },
  {
    name: 'Old Datacentre List',
    mailName: 'old-datacentre',
    kind: 'MailUniversalDistributionGroup',
    isDirSynced: true,
    members: [LEAVER, 'sven.synced'],
  },
  {
    name: 'Project Phönix',
    mailName: 'project-phoenix',
    kind: 'GroupMailbox',
    members: [LEAVER, MANAGER, 'ada.boss'],
  },
  { name: 'Everyone in Sales', mailName: 'sales', kind: 'DynamicDistributionGroup', members: [] },
  { name: 'Rooms, 2nd floor', mailName: 'rooms-2', kind: 'RoomList', members: ['sara.shared'] },
];
