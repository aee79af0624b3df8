import { z } from 'zod';
import { type Call, call } from '../../cmdlets/call.ts';
import type { Identity } from '../../cmdlets/identity.ts';
import { parseCells } from '../cells.ts';
import type { Cells, Recipient } from '../ports.ts';
import { section } from '../section.ts';
import type { Change, Finding, NoManager, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'delegate-access';

const settings = section({
  fullAccess: z.boolean().default(true),
  /** Whether the mailbox opens by itself in the manager's Outlook. */
  autoMapping: z.boolean().default(false),
  sendAs: z.boolean().default(true),
  /** What it means that there is no manager who can be given access. */
  withoutManager: z.enum(['warn', 'stop']).default('warn'),
}).refine((chosen) => chosen.fullAccess || chosen.sendAs, 'switch on fullAccess, sendAs or both');
type Settings = z.infer<typeof settings>;

/**
 * Gives the line manager Full Access and Send As. The rights are read per delegate, so that the server
 * decides who the delegate is: a permission list may show names, and names repeat.
 */
export const delegateAccess: OperationKind<Settings> = {
  name: NAME,
  settings,
  configure: (chosen) => ({
    name: NAME,
    reads: ({ mailbox, manager }) =>
      manager.kind === 'found'
        ? rightsOf(chosen).map((right) => right.read(mailbox.guid, manager.recipient.guid))
        : [],
    plan: ({ mailbox, manager }, answers) =>
      manager.kind === 'found'
        ? planFor(mailbox.guid, manager.recipient, rightsOf(chosen), answers)
        : withoutManager(manager, chosen.withoutManager),
  }),
};

interface Right {
  readonly name: string;
  read(mailbox: Identity, delegate: Identity): Call;
  isHeld(row: Cells): boolean;
  grant(mailbox: Identity, delegate: Identity): Call;
}

function rightsOf(chosen: Settings): readonly Right[] {
  return [
    ...(chosen.fullAccess ? [fullAccess(chosen.autoMapping)] : []),
    ...(chosen.sendAs ? [SEND_AS] : []),
  ];
}

function fullAccess(autoMapping: boolean): Right {
  return {
    name: 'Full Access',
    read: (mailbox, delegate) =>
      call('Get-MailboxPermission', { Identity: mailbox, User: delegate }, [
        'User',
        'AccessRights',
        'IsInherited',
        'Deny',
      ]),
    isHeld: (row) => {
      const entry = parseCells(mailboxPermission, row, 'a permission entry');
      return entry.AccessRights.includes('FullAccess') && !entry.Deny && !entry.IsInherited;
    },
    grant: (mailbox, delegate) =>
      call('Add-MailboxPermission', {
        Identity: mailbox,
        User: delegate,
        AccessRights: ['FullAccess'],
        InheritanceType: 'All',
        AutoMapping: autoMapping,
        Confirm: false,
      }),
  };
}

const SEND_AS: Right = {
  name: 'Send As',
  read: (mailbox, delegate) =>
    call(
      'Get-RecipientPermission',
      { Identity: mailbox, Trustee: delegate, AccessRights: ['SendAs'] },
      ['Trustee', 'AccessRights', 'AccessControlType', 'IsInherited'],
    ),
  isHeld: (row) => {
    const entry = parseCells(recipientPermission, row, 'a permission entry');
    return entry.AccessRights.includes('SendAs') && entry.AccessControlType !== 'Deny';
  },
  grant: (mailbox, delegate) =>
    call('Add-RecipientPermission', {
      Identity: mailbox,
      Trustee: delegate,
      AccessRights: ['SendAs'],
      Confirm: false,
    }),
};

/** The service returns rights as a list, or as one text such as `FullAccess, ReadPermission`. */
const accessRights = z
  .union([z.array(z.string()), z.string()])
  .transform((value) => (typeof value === 'string' ? value.split(/[,\s{}]+/) : value));
const mailboxPermission = z.object({
  AccessRights: accessRights,
  IsInherited: z.boolean(),
  Deny: z.boolean(),
});
const recipientPermission = z.object({
  AccessRights: accessRights,
  AccessControlType: z.string().nullish(),
});

function planFor(
  mailbox: Identity,
  manager: Recipient,
  rights: readonly Right[],
  answers: readonly (readonly Cells[])[],
): OperationPlan {
  const held = rights.filter((right, index) => (answers[index] ?? []).some(right.isHeld));
  const missing = rights.filter((right) => !held.includes(right));
  return {
    changes: missing.map(
      (right): Change => ({
        id: `${NAME}:${right.name}:${manager.guid}`,
        operation: NAME,
        sentence: `Give ${manager.displayName} <${manager.address}> ${right.name}`,
        call: right.grant(mailbox, manager.guid),
        required: true,
        tolerates: [],
      }),
    ),
    findings: [],
    skipped: [],
    seen: { manager: manager.address, rights: held.map((right) => right.name) },
  };
}

function withoutManager(manager: NoManager, severity: Finding['severity']): OperationPlan {
  const finding = { code: `manager-${manager.kind}`, severity, sentence: sentenceFor(manager) };
  return {
    changes: [],
    findings: [finding],
    skipped: [{ operation: NAME, what: 'rights of the line manager', reason: finding.sentence }],
    seen: { manager: '', rights: [] },
  };
}

function sentenceFor(manager: NoManager): string {
  switch (manager.kind) {
    case 'none':
      return 'The run names no line manager; nobody was given access to the mailbox.';
    case 'is-leaver':
      return 'The run names the leaver as their own line manager; nobody was given access to the mailbox.';
    case 'unusable':
      return `${WHY[manager.why]}: ${manager.address}; nobody was given access to the mailbox.`;
  }
}

const WHY = {
  missing: 'The line manager was not found in Exchange',
  ambiguous: "Several recipients have the line manager's address",
  'not-eligible':
    'The line manager is neither a mailbox, a mail user nor a mail-enabled security group',
} as const;
