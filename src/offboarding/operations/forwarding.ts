import { z } from 'zod';
import { type Call, call, NOTHING } from '../../cmdlets/call.ts';
import type { Identity } from '../../cmdlets/identity.ts';
import { opathText } from '../../cmdlets/opath.ts';
import { addressSetting, type EmailAddress, parseAddress } from '../address.ts';
import { guidCell, parseCells, parseOnly } from '../cells.ts';
import {
  absence,
  addressesOf,
  delegateOf,
  LOSSES,
  lossOf,
  nameOf,
  presentOf,
} from '../delegates.ts';
import { isOutside, READ_DOMAINS } from '../domains.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Mailbox } from '../mailbox.ts';
import type { Cells, Recipient } from '../ports.ts';
import { section } from '../section.ts';
import type { Subject } from '../subject.ts';
import type { Change, Operation, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'forwarding';

const settings = section({
  /** `manager`, an address inside or outside the organisation, or `none` to end all forwarding. */
  to: z
    .union([z.literal(['manager', 'none']), addressSetting], {
      error: 'must be "manager", "none" or one plain e-mail address',
    })
    .default('manager'),
  /** Whether what is forwarded also stays in the mailbox. */
  keepCopy: z.boolean().default(true),
});
type Settings = z.infer<typeof settings>;

const seen = z.object({
  /** A recipient of the organisation; without `guid` and `address` where only the name could be told. */
  recipient: z
    .object({ name: z.string(), guid: guidCell.optional(), address: addressSetting.optional() })
    .optional(),
  smtpAddress: z.string().optional(),
  keepsCopy: z.boolean(),
});
type Seen = z.infer<typeof seen>;

const KINDS = {
  blocked: { code: 'forwarding-blocked', byDefault: 'warn' },
  formerUnknown: { code: 'forwarding-former-unknown', byDefault: 'warn' },
} as const satisfies Record<string, FindingKind>;

/** Sends on what comes for the leaver, and ends what they have forwarded themselves. */
export const forwarding: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [...LOSSES, ...Object.values(KINDS)],
  roles: [
    { role: 'Mail Recipients', because: 'to set forwarding' },
    {
      role: 'View-Only Configuration',
      because: 'to read the accepted domains and the policy for outbound mail',
    },
  ],
  seen,
  configure: (chosen) => ({
    name: NAME,
    addresses: chosen.to === 'none' ? [] : addressesOf([chosen.to]),
    reads: (subject) => Object.values(questionsOf(chosen, subject)),
    readsNext: (subject, answers) =>
      readFormer(subject.mailbox, answersTo(chosen, subject, answers)),
    plan: (subject, answers) => planFor(chosen, subject, answersTo(chosen, subject, answers)),
  }),
  restore,
  describe: ({ recipient, smtpAddress, keepsCopy }) => {
    const targets = [recipient?.address ?? recipient?.name, smtpAddress].filter(
      (target) => target !== undefined,
    );
    const copy = keepsCopy ? 'keeping a copy' : 'keeping nothing';
    return [targets.length === 0 ? 'No forwarding' : `Forwards to ${targets.join(', ')}, ${copy}`];
  },
};

/** Where mail is to go: to one of the two, or nowhere. What is undefined of `keepsCopy` stays as it is. */
interface Wanted {
  readonly recipient?: Recipient;
  readonly smtpAddress?: string;
  readonly keepsCopy?: boolean;
}

type Questions = Partial<Record<'held' | 'domains' | 'policy', Call>>;
type Answers = { readonly [N in keyof Questions | 'former']?: readonly Cells[] };

function questionsOf(chosen: Settings, subject: Subject): Questions {
  const recipient = recipientIn(chosen, subject);
  const unknownHere = addressNobodyHas(chosen, subject) !== undefined;
  const mayBeOutside = unknownHere || (recipient !== undefined && isAway(recipient));
  return {
    ...(recipient === undefined || !isForwarded(subject.mailbox)
      ? {}
      : { held: readHeld(subject.mailbox, recipient) }),
    ...(unknownHere ? { domains: READ_DOMAINS } : {}),
    ...(mayBeOutside ? { policy: READ_POLICY } : {}),
  };
}

/** To somebody in the organisation, whoever it is. */
function isForwarded({ forwarding }: Mailbox): boolean {
  return forwarding.recipient !== undefined;
}

/** Answers come in the order of the questions; the last asked after. */
function answersTo(
  chosen: Settings,
  subject: Subject,
  answers: readonly (readonly Cells[])[],
): Answers {
  const names = [...Object.keys(questionsOf(chosen, subject)), 'former'];
  return Object.fromEntries(names.map((name, index) => [name, answers[index] ?? []]));
}

function recipientIn({ to }: Settings, subject: Subject): Recipient | undefined {
  const named = to === 'none' ? undefined : delegateOf(to, subject);
  return named?.kind === 'found' ? named.recipient : undefined;
}

/** Only an address that an administrator wrote down may be outside: a manager must be somebody here. */
function addressNobodyHas({ to }: Settings, subject: Subject): EmailAddress | undefined {
  const isWrittenDown = to !== 'none' && to !== 'manager';
  return isWrittenDown && delegateOf(to, subject).kind === 'missing' ? to : undefined;
}

/** Recipients of the organisation whose mail goes outside. */
function isAway({ type }: Recipient): boolean {
  return ['MailContact', 'MailUser', 'GuestMailUser'].includes(type);
}

/** The mailbox shows a name; a filter with the distinguished name is answered exactly. */
function readHeld(mailbox: Mailbox, { distinguishedName }: Recipient): Call {
  const filter = `Guid -eq ${opathText(mailbox.guid)} -and ForwardingAddress -eq ${opathText(distinguishedName)}`;
  return call('Get-Mailbox', { Filter: filter }, ['Guid']);
}

/** Whoever may be meant by the name that the mailbox shows, unless it is known who is. */
function readFormer(
  { forwarding: { recipient } }: Mailbox,
  { held = [] }: Answers,
): readonly Call[] {
  if (recipient === undefined || held.length > 0) {
    return [];
  }
  // A canonical name, `contoso.com/Users/Max`, ends in the name itself.
  const name = opathText(/^[\w-]+(?:\.[\w-]+)+\/.*?([^/]+)$/.exec(recipient)?.[1] ?? recipient);
  const filter = `Name -eq ${name} -or DisplayName -eq ${name} -or DistinguishedName -eq ${name}`;
  return [call('Get-Recipient', { Filter: filter }, ['Guid', 'PrimarySmtpAddress'])];
}

const READ_POLICY = call('Get-HostedOutboundSpamFilterPolicy', { Identity: 'Default' }, [
  'AutoForwardingMode',
]);

function planFor(chosen: Settings, subject: Subject, answers: Answers): OperationPlan<Seen> {
  const { wanted, findings } = targetOf(chosen, subject, answers);
  const now = imageOf(subject.mailbox, answers, wanted.recipient);
  const isSo = isAsWanted(wanted, subject.mailbox, answers.held);
  return {
    changes: isSo ? [] : [change(subject.mailbox.guid, sentenceFor(wanted), wanted)],
    findings: [
      ...findings,
      ...blockedBy(answers.policy, wanted),
      ...(isSo || now.recipient === undefined || now.recipient.guid !== undefined
        ? []
        : [formerUnknown(now.recipient.name)]),
    ],
    skipped: [],
    seen: now,
  };
}

interface Target {
  readonly wanted: Wanted;
  readonly findings: readonly Finding[];
}

/** Who cannot be told is nobody: mail stays in the mailbox, and does not go on to where the leaver sent it. */
function targetOf(chosen: Settings, subject: Subject, { domains = [] }: Answers): Target {
  const { to, keepCopy: keepsCopy } = chosen;
  if (to === 'none') {
    return { wanted: {}, findings: [] };
  }
  const named = delegateOf(to, subject);
  if (named.kind === 'found') {
    return { wanted: { recipient: named.recipient, keepsCopy }, findings: [] };
  }
  const smtpAddress = addressNobodyHas(chosen, subject);
  return smtpAddress !== undefined && isOutside(smtpAddress, domains)
    ? { wanted: { smtpAddress, keepsCopy }, findings: [] }
    : { wanted: {}, findings: [absence(named, 'nothing is forwarded')] };
}

function isAsWanted(
  wanted: Wanted,
  { forwarding: now }: Mailbox,
  held: readonly Cells[] = [],
): boolean {
  const isRecipient =
    wanted.recipient === undefined ? now.recipient === undefined : held.length > 0;
  return (
    isRecipient &&
    wanted.smtpAddress?.toLowerCase() === now.smtpAddress?.toLowerCase() &&
    (wanted.keepsCopy === undefined || wanted.keepsCopy === now.keepsCopy)
  );
}

function imageOf(
  { forwarding: { recipient: name, smtpAddress, keepsCopy } }: Mailbox,
  { held = [], former = [] }: Answers,
  wanted: Recipient | undefined,
): Seen {
  const known = held.length > 0 ? wanted : onlyOneOf(former);
  const who = known === undefined ? {} : { guid: known.guid, address: known.address };
  return {
    ...(name === undefined ? {} : { recipient: { name, ...who } }),
    ...(smtpAddress === undefined ? {} : { smtpAddress }),
    keepsCopy,
  };
}

const recipientRow = z.object({ Guid: guidCell, PrimarySmtpAddress: z.string().nullish() });

/** Names repeat: of several who may be meant nobody is taken. */
function onlyOneOf(
  rows: readonly Cells[],
): { readonly guid: Identity; readonly address: EmailAddress } | undefined {
  const [first, ...others] = rows.map((row) => parseCells(recipientRow, row, 'a recipient'));
  const address = parseAddress(first?.PrimarySmtpAddress);
  return first === undefined || others.length > 0 || address === undefined
    ? undefined
    : { guid: first.Guid, address };
}

const policyRow = z.object({ AutoForwardingMode: z.string() });

/** https://learn.microsoft.com/defender-office-365/outbound-spam-policies-external-email-forwarding */
function blockedBy(
  rows: readonly Cells[] | undefined,
  { recipient, smtpAddress }: Wanted,
): readonly Finding[] {
  if (rows === undefined || (recipient === undefined && smtpAddress === undefined)) {
    return [];
  }
  const mode = parseOnly(policyRow, rows, 'the policy for outbound mail').AutoForwardingMode;
  const leaves =
    recipient === undefined ? `${smtpAddress} leaves` : `${nameOf(recipient)} may leave`;
  const sentence = `Mail for ${leaves} the organisation, and the policy for outbound mail (AutoForwardingMode ${mode}) keeps such mail back unless another policy allows it.`;
  return mode === 'On' ? [] : [{ kind: KINDS.blocked, sentence }];
}

function formerUnknown(name: string): Finding {
  return {
    kind: KINDS.formerUnknown,
    sentence: `Mail was forwarded to ${name}, which several recipients or none are called: an undo cannot bring that back.`,
    unlessMade: NAME,
  };
}

function sentenceFor({ recipient, smtpAddress, keepsCopy }: Wanted): string {
  const target = recipient === undefined ? smtpAddress : nameOf(recipient);
  const copy = keepsCopy === true ? ' and keep a copy' : '';
  return target === undefined ? 'End forwarding' : `Forward mail to ${target}${copy}`;
}

/** Sets one and clears the other: where both are set, Exchange ignores the second. */
function change(mailbox: Identity, sentence: string, wanted: Wanted): Change {
  const { recipient, smtpAddress, keepsCopy } = wanted;
  return {
    id: NAME,
    operation: NAME,
    sentence,
    call: call('Set-Mailbox', {
      Identity: mailbox,
      ForwardingAddress: recipient?.guid ?? NOTHING,
      ForwardingSmtpAddress: smtpAddress ?? NOTHING,
      ...(keepsCopy === undefined ? {} : { DeliverToMailboxAndForward: keepsCopy }),
      Confirm: false,
    }),
    required: true,
  };
}

/** Puts back what can be told; where the former recipient is gone, at least nobody else gets the mail. */
function restore(before: Seen): Operation<Seen> {
  const { guid, address } = before.recipient ?? {};
  const former = guid !== undefined && address !== undefined ? { guid, address } : undefined;
  const presentFormer = (subject: Subject) => former && presentOf(former, subject);
  return {
    name: NAME,
    addresses: former === undefined ? [] : [former.address],
    reads: (subject) => {
      const recipient = presentFormer(subject);
      return recipient === undefined ? [] : [readHeld(subject.mailbox, recipient)];
    },
    plan: (subject, [held = []]) => {
      const { mailbox } = subject;
      const recipient = presentFormer(subject);
      const wanted = {
        ...(recipient === undefined ? {} : { recipient }),
        ...(before.smtpAddress === undefined ? {} : { smtpAddress: before.smtpAddress }),
        keepsCopy: before.keepsCopy,
      };
      const back = change(mailbox.guid, 'Put forwarding back as it was', wanted);
      const loss = former && lossOf(former, subject, 'mail is not forwarded to them again');
      const unknown =
        before.recipient !== undefined && former === undefined
          ? [formerUnknown(before.recipient.name)]
          : [];
      return {
        changes: isAsWanted(wanted, mailbox, held) ? [] : [back],
        findings: loss === undefined ? unknown : [loss],
        skipped: [],
        seen: imageOf(mailbox, { held }, recipient),
      };
    },
  };
}
