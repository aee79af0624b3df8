import { z } from 'zod';
import { addressSetting } from '../address.ts';
import { guidCell } from '../cells.ts';
import {
  absence,
  addressesOf,
  delegateOf,
  delegateSetting,
  LOSSES,
  lossOf,
  NOT_ELIGIBLE,
  nameOf,
  presentOf,
} from '../delegates.ts';
import { isOutside, READ_DOMAINS } from '../domains.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Cells, Recipient } from '../ports.ts';
import { fullAccess, RIGHT_NAMES, type Right, SEND_AS, SEND_ON_BEHALF } from '../rights.ts';
import { section } from '../section.ts';
import type { Manager, Subject } from '../subject.ts';
import type { Change, Operation, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'delegate-access';

const settings = section({
  /** `manager`, and addresses of people or mail-enabled security groups. */
  to: z.array(delegateSetting).min(1).default(['manager']),
  fullAccess: z.boolean().default(true),
  /** Whether the mailbox opens by itself in the delegate's Outlook. */
  autoMapping: z.boolean().default(false),
  sendAs: z.boolean().default(true),
  sendOnBehalf: z.boolean().default(false),
}).refine(
  (chosen) => chosen.fullAccess || chosen.sendAs || chosen.sendOnBehalf,
  'switch on fullAccess, sendAs, sendOnBehalf or several',
);
type Settings = z.infer<typeof settings>;

const seen = z.object({
  delegates: z.array(
    z.object({
      guid: guidCell,
      name: z.string(),
      address: addressSetting,
      rights: z.array(z.enum(RIGHT_NAMES)),
    }),
  ),
});
type Seen = z.infer<typeof seen>;

const OUTSIDE: FindingKind = { code: 'delegate-outside-domains', byDefault: 'warn' };

/** Gives the line manager or others rights on the mailbox; the rights that others have stay as they are. */
export const delegateAccess: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [...LOSSES, NOT_ELIGIBLE, OUTSIDE],
  roles: [
    {
      role: 'Mail Recipients',
      because: 'to read and give Full Access, Send As and Send on Behalf',
    },
    { role: 'View-Only Configuration', because: 'to read the accepted domains' },
  ],
  seen,
  configure: (chosen) => ({
    name: NAME,
    addresses: addressesOf(chosen.to),
    reads: (subject) => [
      ...pairsOf(eligible(chosen, subject), rightsOf(chosen)).map(({ right, recipient }) =>
        right.read(subject.mailbox.guid, recipient),
      ),
      ...(asksForDomains(chosen, subject) ? [READ_DOMAINS] : []),
    ],
    plan: (subject, answers) => planFor(chosen, subject, answers),
  }),
  restore,
  describe: ({ delegates }) =>
    delegates.map(
      ({ name, address, rights }) =>
        `${nameOf({ displayName: name, address })}: ${rights.join(', ') || 'no rights'}`,
    ),
};

function rightsOf(chosen: Settings): readonly Right[] {
  return [
    ...(chosen.fullAccess ? [fullAccess(chosen.autoMapping)] : []),
    ...(chosen.sendAs ? [SEND_AS] : []),
    ...(chosen.sendOnBehalf ? [SEND_ON_BEHALF] : []),
  ];
}

/** https://learn.microsoft.com/powershell/module/exchangepowershell/add-mailboxpermission */
const MAY_HOLD_RIGHTS = ['UserMailbox', 'MailUser', 'MailUniversalSecurityGroup'];

/** Those named in the settings who can be given rights, each once. */
function eligible(chosen: Settings, subject: Subject): readonly Recipient[] {
  const found = namedIn(chosen, subject).flatMap((one) =>
    one.kind === 'found' && MAY_HOLD_RIGHTS.includes(one.recipient.type) ? [one.recipient] : [],
  );
  return [...new Map(found.map((recipient) => [recipient.guid, recipient])).values()];
}

function namedIn({ to }: Settings, subject: Subject): readonly Manager[] {
  return to.map((named) => delegateOf(named, subject));
}

interface Pair {
  readonly recipient: Recipient;
  readonly right: Right;
}

function pairsOf(recipients: readonly Recipient[], rights: readonly Right[]): readonly Pair[] {
  return recipients.flatMap((recipient) => rights.map((right) => ({ recipient, right })));
}

/** A mailbox's address is always in a domain of the organisation; a guest's may not be. */
function asksForDomains(chosen: Settings, subject: Subject): boolean {
  return chosen.sendAs && eligible(chosen, subject).some(({ type }) => type === 'MailUser');
}

function planFor(
  chosen: Settings,
  subject: Subject,
  answers: readonly (readonly Cells[])[],
): OperationPlan<Seen> {
  const recipients = eligible(chosen, subject);
  const pairs = pairsOf(recipients, rightsOf(chosen));
  const held = pairs.filter(({ right }, index) => right.isHeld(answers[index] ?? []));
  const outside = outsideDomains(recipients, answers[pairs.length]);
  const missing = pairs.filter((pair) => !held.includes(pair));
  const impossible = missing.filter(
    ({ recipient, right }) => right === SEND_AS && outside.includes(recipient),
  );
  return {
    changes: missing
      .filter((pair) => !impossible.includes(pair))
      .map((pair) => grant(subject, pair)),
    findings: [
      ...nobodies(chosen, subject),
      ...impossible.map(({ recipient }) => foreign(recipient)),
    ],
    skipped: [],
    seen: imageOf(recipients, held),
  };
}

function imageOf(recipients: readonly Recipient[], held: readonly Pair[]): Seen {
  const delegates = recipients.map((recipient) => ({
    guid: recipient.guid,
    name: recipient.displayName,
    address: recipient.address,
    rights: held.filter((one) => one.recipient === recipient).map(({ right }) => right.name),
  }));
  return { delegates };
}

function idOf({ recipient, right }: Pair): string {
  return `${NAME}:${right.name}:${recipient.guid}`;
}

function grant({ mailbox }: Subject, pair: Pair): Change {
  return {
    id: idOf(pair),
    operation: NAME,
    sentence: `Give ${nameOf(pair.recipient)} ${pair.right.name}`,
    call: pair.right.grant(mailbox.guid, pair.recipient.guid),
    required: true,
  };
}

/** Send As is refused for them: NotAcceptedDomainException. */
function outsideDomains(
  recipients: readonly Recipient[],
  domains: readonly Cells[] | undefined,
): readonly Recipient[] {
  return recipients.filter(
    ({ type, address }) =>
      type === 'MailUser' && domains !== undefined && isOutside(address, domains),
  );
}

function nobodies(chosen: Settings, subject: Subject): readonly Finding[] {
  return namedIn(chosen, subject).flatMap((one) => {
    if (one.kind !== 'found') {
      return [absence(one, 'nobody was given access to the mailbox')];
    }
    const { recipient } = one;
    const sentence = `${nameOf(recipient)} is a ${recipient.type} and cannot be given access to the mailbox.`;
    return MAY_HOLD_RIGHTS.includes(recipient.type) ? [] : [{ kind: NOT_ELIGIBLE, sentence }];
  });
}

function foreign(recipient: Recipient): Finding {
  return {
    kind: OUTSIDE,
    sentence: `${nameOf(recipient)} has an address outside the organisation's domains and cannot be given Send As.`,
  };
}

/** Takes back the rights that were not there before. */
function restore(before: Seen): Operation<Seen> {
  const addresses = before.delegates.map(({ address }) => address);
  const pairsIn = (subject: Subject) => pairsOf(theSame(before, subject), ALL_RIGHTS);
  return {
    name: NAME,
    addresses,
    reads: (subject) =>
      pairsIn(subject).map(({ right, recipient }) => right.read(subject.mailbox.guid, recipient)),
    plan: (subject, answers) => {
      const held = pairsIn(subject).filter(({ right }, index) =>
        right.isHeld(answers[index] ?? []),
      );
      return {
        changes: held.filter((pair) => !wasHeld(before, pair)).map((pair) => revoke(subject, pair)),
        findings: gone(before, subject),
        skipped: [],
        seen: imageOf(theSame(before, subject), held),
      };
    },
  };
}

const ALL_RIGHTS: readonly Right[] = [fullAccess(false), SEND_AS, SEND_ON_BEHALF];

function theSame({ delegates }: Seen, subject: Subject): readonly Recipient[] {
  return delegates.flatMap((one) => presentOf(one, subject) ?? []);
}

function wasHeld({ delegates }: Seen, { recipient, right }: Pair): boolean {
  return delegates.some(
    ({ guid, rights }) => guid === recipient.guid && rights.includes(right.name),
  );
}

function revoke({ mailbox }: Subject, pair: Pair): Change {
  return {
    id: idOf(pair),
    operation: NAME,
    sentence: `Take ${pair.right.name} from ${nameOf(pair.recipient)} again`,
    call: pair.right.revoke(mailbox.guid, pair.recipient.guid),
    required: true,
  };
}

function gone({ delegates }: Seen, subject: Subject): readonly Finding[] {
  return delegates.flatMap((one) => lossOf(one, subject, RIGHTS_STAY) ?? []);
}

const RIGHTS_STAY = 'the rights given at that time were not taken back';
