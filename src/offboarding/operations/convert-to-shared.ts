import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import { bytesCell, parseCells } from '../cells.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Mailbox } from '../mailbox.ts';
import type { Cells } from '../ports.ts';
import { section } from '../section.ts';
import type { Change, Operation, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'convert-to-shared';
const settings = section({});

const seen = z.object({
  type: z.string(),
  /** Undefined where it was not read or cannot be told. */
  sizeBytes: z.number().optional(),
  /** Why the mailbox needs a licence also when it is shared; empty if it needs none. */
  licenceNeededFor: z.array(z.string()),
});
type Seen = z.infer<typeof seen>;

const KINDS = {
  notConvertible: { code: 'mailbox-not-convertible', byDefault: 'stop' },
  alreadyShared: { code: 'mailbox-already-shared', byDefault: 'ignore' },
  synchronised: { code: 'mailbox-synchronised', byDefault: 'warn' },
  large: { code: 'mailbox-over-50-gb', byDefault: 'warn' },
  sizeUnknown: { code: 'mailbox-size-unknown', byDefault: 'warn' },
  archive: { code: 'mailbox-has-archive', byDefault: 'warn' },
  litigationHold: { code: 'mailbox-on-hold', byDefault: 'warn' },
  inPlaceHolds: { code: 'mailbox-has-in-place-holds', byDefault: 'warn' },
  licence: { code: 'undo-needs-licence', byDefault: 'warn' },
} as const satisfies Record<string, FindingKind>;

/**
 * Makes the mailbox shared, so that the licence can go and the mail stays; says when it cannot go.
 */
export const convertToShared: OperationKind<z.infer<typeof settings>, Seen> = {
  name: NAME,
  settings,
  findings: Object.values(KINDS),
  roles: [
    { role: 'Mail Recipients', because: 'to read the size of the mailbox and to change its type' },
  ],
  seen,
  configure: () => ({
    name: NAME,
    reads: ({ mailbox }) => [
      call('Get-MailboxStatistics', { Identity: mailbox.guid }, ['TotalItemSize']),
    ],
    plan: ({ mailbox }, [statistics]) => planFor(mailbox, sizeIn(statistics)),
  }),
  restore,
  describe: ({ type, sizeBytes, licenceNeededFor }) => [
    `Type: ${type}`,
    ...(sizeBytes === undefined ? [] : [`Size: ${(sizeBytes / GIGABYTE).toFixed(1)} GB`]),
    ...licenceNeededFor.map((reason) => `The licence must stay: ${reason}`),
  ],
};

const GIGABYTE = 2 ** 30;
/** https://learn.microsoft.com/microsoft-365/admin/email/remove-license-from-shared-mailbox */
const MOST_WITHOUT_LICENCE = 50 * GIGABYTE;

const statisticsRow = z.object({ TotalItemSize: bytesCell });

/** A mailbox nobody has opened yet has no statistics. */
function sizeIn(rows: readonly Cells[] | undefined): number | undefined {
  const [row] = rows ?? [];
  return row && parseCells(statisticsRow, row, 'the statistics of a mailbox').TotalItemSize;
}

function planFor(mailbox: Mailbox, sizeBytes: number | undefined): OperationPlan<Seen> {
  const needs = licenceNeeds(mailbox, sizeBytes);
  const image: Seen = {
    type: mailbox.type,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    licenceNeededFor: needs.map(({ reason }) => reason),
  };
  const base = { changes: [], skipped: [], seen: image };
  if (mailbox.type === 'SharedMailbox') {
    const sentence = 'The mailbox is shared already.';
    return {
      ...base,
      findings: [
        { kind: KINDS.alreadyShared, sentence, unlessMade: NAME },
        ...needs.map(toFinding),
      ],
    };
  }
  if (mailbox.type !== 'UserMailbox') {
    const sentence = `The mailbox is a ${mailbox.type}; only a user mailbox can be made shared.`;
    return { ...base, findings: [{ kind: KINDS.notConvertible, sentence }] };
  }
  const unsized = sizeBytes === undefined ? [SIZE_UNKNOWN] : [];
  const flipsBack = mailbox.isSynchronised ? [FLIPS_BACK] : [];
  return {
    ...base,
    changes: [change(mailbox, 'Make the mailbox shared', 'Shared')],
    findings: [...flipsBack, ...unsized, ...needs.map(toFinding)],
  };
}

function change(mailbox: Mailbox, sentence: string, type: 'Shared' | 'Regular'): Change {
  return {
    id: NAME,
    operation: NAME,
    sentence,
    call: call('Set-Mailbox', { Identity: mailbox.guid, Type: type, Confirm: false }),
    required: true,
  };
}

interface Need {
  readonly kind: FindingKind;
  readonly reason: string;
}

/** https://learn.microsoft.com/microsoft-365/admin/email/remove-license-from-shared-mailbox */
function licenceNeeds(mailbox: Mailbox, sizeBytes = 0): readonly Need[] {
  const needs: readonly (Need & { readonly isTrue: boolean })[] = [
    { kind: KINDS.large, reason: 'larger than 50 GB', isTrue: sizeBytes > MOST_WITHOUT_LICENCE },
    { kind: KINDS.archive, reason: 'it has an archive', isTrue: mailbox.hasArchive },
    {
      kind: KINDS.litigationHold,
      reason: 'litigation hold',
      isTrue: mailbox.litigationHold.isOn,
    },
    {
      kind: KINDS.inPlaceHolds,
      reason: `${mailbox.inPlaceHolds.length} in-place holds`,
      isTrue: mailbox.inPlaceHolds.length > 0,
    },
  ];
  return needs.filter(({ isTrue }) => isTrue);
}

function toFinding({ kind, reason }: Need): Finding {
  return { kind, sentence: `The licence must stay on the shared mailbox: ${reason}.` };
}

const SIZE_UNKNOWN: Finding = {
  kind: KINDS.sizeUnknown,
  sentence: 'Exchange does not tell the size of the mailbox; above 50 GB the licence must stay.',
};

/** https://learn.microsoft.com/exchange/recipients-in-exchange-online/manage-user-mailboxes/convert-a-mailbox */
const FLIPS_BACK: Finding = {
  kind: KINDS.synchronised,
  sentence:
    'The mailbox is mastered on-premises: run Set-RemoteMailbox -Type Shared there too, ' +
    'or the next synchronisation may turn it back.',
};

function restore(before: Seen): Operation<Seen> {
  return {
    name: NAME,
    reads: () => [],
    plan: ({ mailbox }) => ({
      changes:
        before.type === 'UserMailbox' && mailbox.type === 'SharedMailbox'
          ? [change(mailbox, "Make the mailbox a user's again", 'Regular')]
          : [],
      findings: [{ kind: KINDS.licence, sentence: LICENCE_BACK }],
      skipped: [],
      seen: { type: mailbox.type, licenceNeededFor: [] },
    }),
  };
}

const LICENCE_BACK =
  "A user's mailbox needs a licence: give it back within 30 days if it was taken away.";
