import { type Directory, isMailbox, type MailboxSettings, type Recipient } from './directory.ts';

/** What is true of one address, for a person or a test to look at. */
export interface State {
  readonly name: string;
  readonly address: string;
  readonly guid: string;
  readonly type: string;
  readonly fullAccess: readonly string[];
  readonly sendAs: readonly string[];
  readonly sendOnBehalf: readonly string[];
  /** Means something for mailboxes only; the recipient of forwarding by address. */
  readonly mailbox: Omit<MailboxSettings, 'grantSendOnBehalfTo'>;
  readonly groups: readonly {
    readonly name: string;
    readonly type: string;
    readonly isDirSynced: boolean;
  }[];
  readonly members: number;
}

/** Of everybody who has the address: none, one or several. */
export function stateOf(directory: Directory, address: string): readonly State[] {
  return directory.named(address).map((one) => ({
    name: one.displayName,
    address: one.primaryAddress,
    guid: one.guid,
    type: one.kind,
    fullAccess: addresses(
      directory,
      isMailbox(one) ? one.mailboxRights.map(({ trustee }) => trustee) : [],
    ),
    sendAs: addresses(directory, one.sendAs),
    sendOnBehalf: addresses(directory, one.mailbox.grantSendOnBehalfTo),
    mailbox: settings(directory, one.mailbox),
    groups: directory.groupsOf(one.guid).map(brief),
    members: one.members.size,
  }));
}

function settings(
  directory: Directory,
  { grantSendOnBehalfTo: _shownApart, ...mailbox }: MailboxSettings,
): State['mailbox'] {
  const { forwardingAddress: guid } = mailbox;
  const forwardingAddress = guid === null ? null : directory.get(guid).primaryAddress;
  return { ...mailbox, forwardingAddress };
}

function brief({ name, kind, isDirSynced }: Recipient) {
  return { name, type: kind, isDirSynced };
}

function addresses(directory: Directory, guids: Iterable<string>): readonly string[] {
  return Array.from(guids, (guid) => directory.get(guid).primaryAddress);
}
