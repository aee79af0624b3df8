import { type Directory, isMailbox, type Recipient } from './directory.ts';
import type { AutoReply, Mailbox } from './mailbox.ts';

/**
 * What is true of one address, whatever is visible: read from the tenant's own data, by none of the
 * code that answers cmdlets. Other recipients are primary addresses.
 */
export interface State {
  readonly name: string;
  readonly address: string;
  readonly guid: string;
  readonly type: string;
  readonly fullAccess: readonly string[];
  readonly sendAs: readonly string[];
  readonly sendOnBehalf: readonly string[];
  /** Whose mailboxes this one may use. */
  readonly rightsElsewhere: {
    readonly fullAccess: readonly string[];
    readonly sendAs: readonly string[];
    readonly sendOnBehalf: readonly string[];
  };
  readonly groups: readonly GroupState[];
  readonly groupsOwned: readonly GroupState[];
  /** Of a group. */
  readonly members: number;
  readonly owners: readonly string[];
  /** Only mailboxes have one. */
  readonly mailbox?: MailboxState;
}

export interface GroupState {
  readonly guid: string;
  readonly name: string;
  readonly type: string;
  readonly isDirSynced: boolean;
}

export interface MailboxState {
  readonly sizeBytes: number;
  readonly isHidden: boolean;
  readonly forwarding: {
    readonly recipient: string | null;
    readonly smtpAddress: string | null;
    readonly keepsCopy: boolean;
  };
  readonly sentCopies: { readonly sentAs: boolean; readonly onBehalf: boolean };
  readonly litigationHold: { readonly isOn: boolean; readonly duration: string };
  readonly inPlaceHolds: readonly string[];
  readonly hasArchive: boolean;
  readonly autoReply: AutoReply;
  readonly rules: readonly {
    readonly id: string;
    readonly name: string;
    readonly isEnabled: boolean;
    readonly isHidden: boolean;
    /** Where it sends messages. */
    readonly sendsTo: readonly string[];
  }[];
  readonly outlookRules: readonly string[];
  /** Those removed too, for what was done to them before. */
  readonly devices: readonly {
    readonly guid: string;
    readonly name: string;
    readonly type: string;
    readonly isKnown: boolean;
    readonly isWiped: boolean;
    readonly accountWipes: number;
    readonly fullWipes: number;
  }[];
  readonly protocols: Readonly<Record<string, boolean | null>>;
  /** Subjects of the meetings in the calendar, the person's own first. */
  readonly meetings: { readonly organised: readonly string[]; readonly others: readonly string[] };
  readonly cancellationRuns: number;
  readonly cancellationsSent: number;
}

/** Of everybody who has the address, or GUID: none, one or several. */
export function stateOf(directory: Directory, address: string): readonly State[] {
  return directory.named(address).map((one) => ({
    name: one.displayName,
    address: one.primaryAddress,
    guid: one.guid,
    type: one.kind,
    fullAccess: addresses(directory, holders(one)),
    sendAs: addresses(directory, one.sendAs),
    sendOnBehalf: addresses(directory, one.mailbox.grantSendOnBehalfTo),
    rightsElsewhere: rightsElsewhere(directory, one.guid),
    groups: directory.groupsOf(one.guid).map(brief),
    groupsOwned: directory
      .all()
      .filter(({ managedBy }) => managedBy.has(one.guid))
      .map(brief),
    members: one.members.size,
    owners: addresses(directory, one.managedBy),
    ...(isMailbox(one) ? { mailbox: mailboxState(directory, one.mailbox) } : {}),
  }));
}

function holders(one: Recipient): readonly string[] {
  return isMailbox(one) ? one.mailboxRights.map(({ trustee }) => trustee) : [];
}

function rightsElsewhere(directory: Directory, guid: string): State['rightsElsewhere'] {
  const where = (holds: (one: Recipient) => boolean) =>
    directory
      .all()
      .filter(holds)
      .map(({ primaryAddress }) => primaryAddress);
  return {
    fullAccess: where((one) => holders(one).includes(guid)),
    sendAs: where((one) => one.sendAs.has(guid)),
    sendOnBehalf: where((one) => one.mailbox.grantSendOnBehalfTo.has(guid)),
  };
}

function mailboxState(directory: Directory, mailbox: Mailbox): MailboxState {
  const { forwardingAddress, calendar } = mailbox;
  const subjects = (isOrganizer: boolean) =>
    calendar.meetings
      .filter((one) => one.isOrganizer === isOrganizer)
      .map(({ subject }) => subject);
  return {
    sizeBytes: mailbox.sizeBytes,
    isHidden: mailbox.isHidden,
    forwarding: {
      recipient:
        forwardingAddress === null ? null : directory.get(forwardingAddress).primaryAddress,
      smtpAddress: mailbox.forwardingSmtpAddress,
      keepsCopy: mailbox.deliverToMailboxAndForward,
    },
    sentCopies: {
      sentAs: mailbox.messageCopyForSentAs,
      onBehalf: mailbox.messageCopyForSendOnBehalf,
    },
    litigationHold: { isOn: mailbox.litigationHold, duration: mailbox.litigationHoldDuration },
    inPlaceHolds: mailbox.inPlaceHolds,
    hasArchive: mailbox.archive !== null,
    autoReply: mailbox.autoReply,
    ...rulesAndDevices(directory, mailbox),
    protocols: { ...mailbox.protocols },
    meetings: { organised: subjects(true), others: subjects(false) },
    cancellationRuns: calendar.cancellationRuns,
    cancellationsSent: calendar.cancellationsSent,
  };
}

const SENDING = ['ForwardTo', 'ForwardAsAttachmentTo', 'RedirectTo'];

function rulesAndDevices(
  directory: Directory,
  { rules, outlookRules, devices }: Mailbox,
): Pick<MailboxState, 'rules' | 'outlookRules' | 'devices'> {
  const addressOf = (stored: string) =>
    stored.includes('@') ? stored : directory.get(stored).primaryAddress;
  return {
    rules: rules.map(({ id, name, isEnabled, isHidden, definition }) => ({
      id,
      name,
      isEnabled,
      isHidden,
      sendsTo: SENDING.flatMap((part) => definition[part] ?? [])
        .map(String)
        .map(addressOf),
    })),
    outlookRules,
    devices: devices.map(({ guid, name, type, isKnown, wipe, accountWipes, fullWipes }) => ({
      guid,
      name,
      type,
      isKnown,
      isWiped: typeof wipe?.acknowledgedAt === 'string',
      accountWipes,
      fullWipes,
    })),
  };
}

function brief({ guid, name, kind, isDirSynced }: Recipient): GroupState {
  return { guid, name, type: kind, isDirSynced };
}

function addresses(directory: Directory, guids: Iterable<string>): readonly string[] {
  return Array.from(guids, (guid) => directory.get(guid).primaryAddress);
}
