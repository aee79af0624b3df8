import { changing } from '../change.ts';
import type { Cmdlet } from '../cmdlet.ts';
import type { Directory, Recipient, RecipientKind } from '../directory.ts';
import { anyone, exactlyOne, mailboxOf } from '../find.ts';
import type { Mailbox } from '../mailbox.ts';
import { invalidValue, notLicensed, synchronised } from '../refusal.ts';
import { flag, isGiven, listChange, text, type Values } from '../values.ts';

interface Asked {
  readonly one: Recipient;
  readonly parameter: string;
  readonly values: Values;
  readonly directory: Directory;
  readonly now: Date;
}
type Change = (target: Recipient) => void;

/** What each parameter does to a mailbox. Throws `Refusal`. */
const SETTERS: Readonly<Record<string, (asked: Asked) => Change>> = {
  Type: convert,
  GrantSendOnBehalfTo: delegate,
  ForwardingAddress: forwardInside,
  ForwardingSmtpAddress: forwardAnywhere,
  DeliverToMailboxAndForward: switching('deliverToMailboxAndForward'),
  HiddenFromAddressListsEnabled: hide,
  LitigationHoldEnabled: hold,
  LitigationHoldDuration: ({ values, parameter }) =>
    setting('litigationHoldDuration', timeSpan(text(values, parameter))),
  MessageCopyForSentAsEnabled: switching('messageCopyForSentAs'),
  MessageCopyForSendOnBehalfEnabled: switching('messageCopyForSendOnBehalf'),
};

export const setMailbox: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', ...Object.keys(SETTERS)],
  run: (directory, values, { now }) => {
    const one = mailboxOf(directory, values);
    const changes = Object.entries(SETTERS)
      .filter(([parameter]) => isGiven(values, parameter))
      .map(([parameter, setter]) => setter({ one, parameter, values, directory, now }));
    return changing(one, (target) => {
      changes.forEach((change) => {
        change(target);
      });
    });
  },
};

const TYPES: Readonly<Record<string, RecipientKind>> = {
  regular: 'UserMailbox',
  shared: 'SharedMailbox',
  room: 'RoomMailbox',
  equipment: 'EquipmentMailbox',
};

function convert({ values, parameter }: Asked): Change {
  const type = text(values, parameter) ?? '';
  const kind = TYPES[type.toLowerCase()];
  if (kind === undefined) {
    throw invalidValue(parameter, type);
  }
  return (target) => {
    target.kind = kind;
  };
}

function delegate({ values, parameter, directory }: Asked): Change {
  const change = listChange(
    values,
    parameter,
    (identity) => exactlyOne(directory, identity, anyone).guid,
  );
  return ({ mailbox }) => {
    mailbox.grantSendOnBehalfTo = change(mailbox.grantSendOnBehalfTo);
  };
}

function forwardInside({ values, parameter, directory }: Asked): Change {
  const identity = text(values, parameter);
  const guid = identity === undefined ? null : exactlyOne(directory, identity, anyone).guid;
  return setting('forwardingAddress', guid);
}

function forwardAnywhere({ values, parameter }: Asked): Change {
  const address = text(values, parameter)?.replace(/^smtp:/i, '') ?? null;
  if (address !== null && !/^[^@\s]+@[^@\s]+$/.test(address)) {
    throw invalidValue(parameter, address);
  }
  return setting('forwardingSmtpAddress', address);
}

/** Of a synchronised mailbox, this is mastered on-premises. */
function hide({ one, values, parameter }: Asked): Change {
  if (one.isDirSynced) {
    throw synchronised('mailbox', `Set-Mailbox', '${parameter}`, one.name);
  }
  return setting('isHidden', flag(values, parameter));
}

function hold({ one, values, parameter, now }: Asked): Change {
  const isOn = flag(values, parameter);
  if (isOn && !one.mailbox.isLicensed) {
    throw notLicensed('Litigation hold', one.name);
  }
  const since = isOn ? (one.mailbox.litigationHoldSince ?? now.toISOString()) : null;
  return ({ mailbox }) => {
    mailbox.litigationHold = isOn;
    mailbox.litigationHoldSince = since;
  };
}

/** A number of days is shown as a time span. */
function timeSpan(given = 'Unlimited'): string {
  if (/^unlimited$/i.test(given)) {
    return 'Unlimited';
  }
  const days = /^(\d{1,7})(\.00:00:00)?$/.exec(given)?.[1];
  if (days === undefined) {
    throw invalidValue('LitigationHoldDuration', given);
  }
  return `${Number(days)}.00:00:00`;
}

type Switches = { [N in keyof Mailbox]: Mailbox[N] extends boolean ? N : never }[keyof Mailbox];

function switching(name: Switches): (asked: Asked) => Change {
  return ({ values, parameter }) => setting(name, flag(values, parameter));
}

function setting<N extends keyof Mailbox>(name: N, value: Mailbox[N]): Change {
  return ({ mailbox }) => {
    mailbox[name] = value;
  };
}
