import type { Mailbox } from './mailbox.ts';

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

export interface Recipient {
  readonly guid: string;
  readonly entraId: string;
  readonly exchangeGuid: string;
  /** Nobody else has it, other than the display name. */
  readonly name: string;
  readonly displayName: string;
  readonly alias: string;
  readonly distinguishedName: string;
  readonly legacyExchangeDn: string;
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
  readonly mailbox: Mailbox;
  readonly mailboxRights: MailboxRight[];
  /** GUIDs of those who may send as this recipient. */
  readonly sendAs: Set<string>;
  /** GUIDs; empty for what is no group or has a rule instead. */
  readonly members: Set<string>;
  /** GUIDs of a group's owners. */
  managedBy: Set<string>;
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

/** Whether mail may be forwarded outside by itself: the policy for outbound mail. */
export type AutoForwarding = 'Automatic' | 'On' | 'Off';

/** Every recipient of the tenant, found by any of its names. */
export class Directory {
  readonly autoForwarding: AutoForwarding;
  readonly #byGuid = new Map<string, Recipient>();
  readonly #byName = new Map<string, Recipient[]>();

  constructor(autoForwarding: AutoForwarding = 'Automatic') {
    this.autoForwarding = autoForwarding;
  }

  add(recipient: Recipient): void {
    this.#byGuid.set(recipient.guid, recipient);
    for (const key of new Set(namesOf(recipient).map((name) => name.toLowerCase()))) {
      this.#byName.set(key, [...(this.#byName.get(key) ?? []), recipient]);
    }
  }

  /** Another directory that says the same, and can change without this one. */
  copy(): Directory {
    const copy = new Directory(this.autoForwarding);
    for (const one of this.#byGuid.values()) {
      copy.add(copyOf(one));
    }
    return copy;
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
    return this.#called(identity).filter((one) => !one.isSoftDeleted);
  }

  softDeletedNamed(identity: string): readonly Recipient[] {
    return this.#called(identity).filter((one) => one.isSoftDeleted);
  }

  /** The groups that hold this member directly. */
  groupsOf(member: string): readonly Recipient[] {
    return this.all().filter((one) => one.members.has(member));
  }

  #called(identity: string): readonly Recipient[] {
    return this.#byName.get(identity.toLowerCase()) ?? [];
  }
}

export function copyOf(one: Recipient): Recipient {
  return {
    ...one,
    mailbox: isMailbox(one) ? structuredClone(one.mailbox) : one.mailbox,
    mailboxRights: [...one.mailboxRights],
    sendAs: new Set(one.sendAs),
    members: new Set(one.members),
    managedBy: new Set(one.managedBy),
  };
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
    recipient.legacyExchangeDn,
    recipient.primaryAddress,
    ...recipient.otherAddresses,
    ...(recipient.userPrincipalName === undefined ? [] : [recipient.userPrincipalName]),
  ];
}
