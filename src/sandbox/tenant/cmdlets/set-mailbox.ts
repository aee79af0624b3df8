import {
  type Answer,
  anyone,
  type Cmdlet,
  exactlyOne,
  flag,
  isGiven,
  listChange,
  text,
  type Values,
} from '../cmdlet.ts';
import { type Directory, isMailbox, type Recipient, type RecipientKind } from '../directory.ts';
import { invalidValue } from '../refusal.ts';

/** What one parameter does: undefined if it is so already. Throws `Refusal`. */
type Setter = (
  mailbox: Recipient,
  values: Values,
  directory: Directory,
) => ((mailbox: Recipient) => void) | undefined;

const SETTERS: Readonly<Record<string, Setter>> = {
  Type: (mailbox, values) => {
    const kind = kindFor(text(values, 'Type'));
    return kind === mailbox.kind
      ? undefined
      : (one) => {
          one.kind = kind;
        };
  },
  GrantSendOnBehalfTo: ({ mailbox }, values, directory) => {
    const { add, remove } = listChange(values, 'GrantSendOnBehalfTo');
    const guids = (names: readonly string[]) =>
      names.map((name) => exactlyOne(directory, name, anyone).guid);
    const [added, removed] = [guids(add), guids(remove)];
    const { grantSendOnBehalfTo: now } = mailbox;
    if (added.every((guid) => now.has(guid)) && !removed.some((guid) => now.has(guid))) {
      return undefined;
    }
    return (one) => {
      added.forEach((guid) => {
        one.mailbox.grantSendOnBehalfTo.add(guid);
      });
      removed.forEach((guid) => {
        one.mailbox.grantSendOnBehalfTo.delete(guid);
      });
    };
  },
  ForwardingAddress: (mailbox, values, directory) => {
    const identity = text(values, 'ForwardingAddress');
    const guid = identity === undefined ? null : exactlyOne(directory, identity, anyone).guid;
    return setting('forwardingAddress', guid)(mailbox);
  },
  ForwardingSmtpAddress: (mailbox, values) => {
    const address = text(values, 'ForwardingSmtpAddress')?.replace(/^smtp:/i, '') ?? null;
    return setting('forwardingSmtpAddress', address)(mailbox);
  },
  DeliverToMailboxAndForward: flagSetter(
    'DeliverToMailboxAndForward',
    'deliverToMailboxAndForward',
  ),
  HiddenFromAddressListsEnabled: flagSetter('HiddenFromAddressListsEnabled', 'isHidden'),
  LitigationHoldEnabled: flagSetter('LitigationHoldEnabled', 'litigationHold'),
  LitigationHoldDuration: (mailbox, values) => {
    const given = text(values, 'LitigationHoldDuration') ?? '';
    // Days are shown as a time span.
    const shown = /^\d+$/.test(given) ? `${given}.00:00:00` : given;
    return setting('litigationHoldDuration', shown)(mailbox);
  },
  MessageCopyForSentAsEnabled: flagSetter('MessageCopyForSentAsEnabled', 'messageCopyForSentAs'),
  MessageCopyForSendOnBehalfEnabled: flagSetter(
    'MessageCopyForSendOnBehalfEnabled',
    'messageCopyForSendOnBehalf',
  ),
};

export const setMailbox: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', ...Object.keys(SETTERS)],
  run: (directory, values) => change(directory, values),
};

function change(directory: Directory, values: Values): Answer {
  const mailbox = exactlyOne(directory, text(values, 'Identity'), isMailbox);
  const effects = Object.entries(SETTERS).flatMap(([name, setter]) => {
    const effect = isGiven(values, name) ? setter(mailbox, values, directory) : undefined;
    return effect === undefined ? [] : [effect];
  });
  if (effects.length === 0) {
    const warning = `The command completed successfully but no settings of '${mailbox.distinguishedName}' have been modified.`;
    return { warnings: [warning] };
  }
  return {
    effect: (current) => {
      effects.forEach((effect) => {
        effect(current.get(mailbox.guid));
      });
    },
  };
}

const TYPES: Readonly<Record<string, RecipientKind>> = {
  regular: 'UserMailbox',
  shared: 'SharedMailbox',
  room: 'RoomMailbox',
  equipment: 'EquipmentMailbox',
};

function kindFor(type = ''): RecipientKind {
  const kind = TYPES[type.toLowerCase()];
  if (kind === undefined) {
    throw invalidValue('Type', type);
  }
  return kind;
}

type Settings = Recipient['mailbox'];
type Flags = { [N in keyof Settings]: Settings[N] extends boolean ? N : never }[keyof Settings];

function setting<N extends keyof Settings>(name: N, value: Settings[N]) {
  return ({ mailbox }: Recipient) =>
    mailbox[name] === value
      ? undefined
      : (one: Recipient) => {
          one.mailbox[name] = value;
        };
}

function flagSetter(parameter: string, name: Flags): Setter {
  return (mailbox, values) => setting(name, flag(values, parameter))(mailbox);
}
