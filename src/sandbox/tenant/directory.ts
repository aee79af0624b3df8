export type RecipientKind =
  | 'UserMailbox'
  | 'SharedMailbox'
  | 'RoomMailbox'
  | 'EquipmentMailbox'
  | 'MailUser'
  | 'MailContact'
  | 'MailUniversalDistributionGroup'
  | 'MailUniversalSecurityGroup'
  | 'DynamicDistributionGroup'
  | 'GroupMailbox'
  | 'RoomList';

/** One entry of a mailbox's permission list; `trustee` is a GUID of the directory. */
export interface MailboxRight {
  readonly trustee: string;
  readonly rights: readonly string[];
  readonly isInherited: boolean;
  readonly deny: boolean;
  readonly autoMapping: boolean;
}

/** What `Set-Mailbox` changes and `Get-Mailbox` shows, beside type and rights. GUIDs stand for recipients. */
export interface MailboxSettings {
  forwardingAddress: string | null;
  forwardingSmtpAddress: string | null;
  deliverToMailboxAndForward: boolean;
  isHidden: boolean;
  litigationHold: boolean;
  litigationHoldDuration: string;
  inPlaceHolds: readonly string[];
  hasArchive: boolean;
  sizeBytes: number;
  messageCopyForSentAs: boolean;
  messageCopyForSendOnBehalf: boolean;
  readonly grantSendOnBehalfTo: Set<string>;
}

export interface Recipient {
  readonly guid: string;
  readonly entraId: string;
  readonly exchangeGuid: string;
  readonly name: string;
  readonly displayName: string;
  readonly alias: string;
  readonly distinguishedName: string;
  readonly primaryAddress: string;
  /** Beside the primary one. */
  readonly otherAddresses: readonly string[];
  readonly userPrincipalName: string | undefined;
  readonly isDirSynced: boolean;
  readonly isSoftDeleted: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  kind: RecipientKind;
  /** Means something for mailboxes only. */
  readonly mailbox: MailboxSettings;
  readonly mailboxRights: MailboxRight[];
  /** GUIDs of those who may send as this recipient. */
  readonly sendAs: Set<string>;
  /** GUIDs; empty for what is no group or has a rule instead. */
  readonly members: Set<string>;
}

const MAILBOXES: readonly RecipientKind[] = [
  'UserMailbox',
  'SharedMailbox',
  'RoomMailbox',
  'EquipmentMailbox',
];
const DISTRIBUTION_GROUPS: readonly RecipientKind[] = [
  'MailUniversalDistributionGroup',
  'MailUniversalSecurityGroup',
  'RoomList',
];

export function isMailbox({ kind }: Recipient): boolean {
  return MAILBOXES.includes(kind);
}

/** What `Get-DistributionGroup` calls one: not dynamic, not a Microsoft 365 group. */
export function isDistributionGroup({ kind }: Recipient): boolean {
  return DISTRIBUTION_GROUPS.includes(kind);
}

/** Every recipient of the tenant, found by any of its names. */
export class Directory {
  readonly #byGuid = new Map<string, Recipient>();
  readonly #byName = new Map<string, Recipient[]>();

  add(recipient: Recipient): void {
    this.#byGuid.set(recipient.guid, recipient);
    for (const key of new Set(namesOf(recipient).map((name) => name.toLowerCase()))) {
      this.#byName.set(key, [...(this.#byName.get(key) ?? []), recipient]);
    }
  }

  /** In the order they were made, without the soft-deleted. */
  all(): readonly Recipient[] {
    return [...this.#byGuid.values()].filter((one) => !one.isSoftDeleted);
  }

  softDeleted(): readonly Recipient[] {
    return [...this.#byGuid.values()].filter((one) => one.isSoftDeleted);
  }

  get(guid: string): Recipient {
    const found = this.#byGuid.get(guid);
    if (found === undefined) {
      throw new RangeError(`nobody has the GUID ${guid}`);
    }
    return found;
  }

  /** Whoever the text may mean: by GUID, address, user name, alias, name or distinguished name. */
  named(identity: string): readonly Recipient[] {
    return (this.#byName.get(identity.toLowerCase()) ?? []).filter((one) => !one.isSoftDeleted);
  }

  /** The groups that hold this member directly. */
  groupsOf(member: string): readonly Recipient[] {
    return this.all().filter((one) => one.members.has(member));
  }
}

function namesOf(recipient: Recipient): readonly string[] {
  return [
    recipient.guid,
    recipient.entraId,
    recipient.exchangeGuid,
    recipient.name,
    recipient.displayName,
    recipient.alias,
    recipient.distinguishedName,
    recipient.primaryAddress,
    ...recipient.otherAddresses,
    ...(recipient.userPrincipalName === undefined ? [] : [recipient.userPrincipalName]),
  ];
}
