import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import { opathText } from '../../cmdlets/opath.ts';
import { guidCell, namesCell, parseCells } from '../cells.ts';
import type { Finding, FindingKind } from '../findings.ts';
import {
  finderIn,
  type NamedObject,
  namesIn,
  OBJECT,
  parseObject,
  readObjects,
} from '../named-objects.ts';
import type { Cells } from '../ports.ts';
import { fullAccess, RIGHT_NAMES, type Right, SEND_AS, SEND_ON_BEHALF } from '../rights.ts';
import { section } from '../section.ts';
import type { Subject } from '../subject.ts';
import type {
  Change,
  Looked,
  Operation,
  OperationKind,
  OperationPlan,
  Scan,
  Skip,
} from './operation.ts';

const NAME = 'rights-elsewhere';

const settings = section({
  sendAs: z.boolean().default(true),
  sendOnBehalf: z.boolean().default(true),
  /** Looks at every mailbox of the organisation, one by one: slow. */
  fullAccess: z.boolean().default(false),
}).refine(
  (chosen) => chosen.sendAs || chosen.sendOnBehalf || chosen.fullAccess,
  'switch on sendAs, sendOnBehalf, fullAccess or several',
);
type Settings = z.infer<typeof settings>;

const seen = z.object({
  rights: z.array(
    z.object({
      right: z.enum(RIGHT_NAMES),
      guid: guidCell,
      label: z.string(),
      /** Of what the right is on; older images tell none. */
      addresses: z.array(z.string()).default([]),
    }),
  ),
});
type Seen = z.infer<typeof seen>;
/** A right of the leaver, and what it is on. */
type Held = Seen['rights'][number];

const OBJECT_GONE: FindingKind = { code: 'right-object-gone', byDefault: 'warn' };

/** Takes the rights away that the person has on the mailboxes and groups of others. */
export const rightsElsewhere: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [OBJECT_GONE],
  roles: [
    {
      role: 'Mail Recipients',
      because: 'to read and take Full Access, Send As and Send on Behalf',
    },
  ],
  seen,
  configure: (chosen) => ({
    name: NAME,
    ...(chosen.fullAccess ? { scan: EVERY_MAILBOX } : {}),
    reads: (subject) => [
      ...(chosen.sendAs ? [readSendAs(subject)] : []),
      ...(chosen.sendOnBehalf ? [readOnBehalf(subject)] : []),
    ],
    readsNext: (_subject, answers) =>
      readObjects('Name', identitiesIn(apart(chosen, answers).sendAs).flatMap(namesIn)),
    plan: (subject, answers, looked) => planFor(subject, apart(chosen, answers), chosen, looked),
  }),
  restore,
  describe: ({ rights }) => rights.map(({ right, label }) => `${right} on ${label}`),
};

/** Across the organisation, whatever the right is on. */
function readSendAs({ mailbox }: Subject) {
  return call(
    'Get-RecipientPermission',
    { Trustee: mailbox.guid, AccessRights: ['SendAs'], ResultSize: 'Unlimited' },
    ['Identity', 'AccessRights', 'AccessControlType', 'IsInherited'],
  );
}

function readOnBehalf({ mailbox }: Subject) {
  return call(
    'Get-Mailbox',
    {
      Filter: `GrantSendOnBehalfTo -eq ${opathText(mailbox.distinguishedName)}`,
      ResultSize: 'Unlimited',
    },
    OBJECT,
  );
}

/** Whether the mailbox opens by itself cannot be read: given back, a right is as Exchange gives it. */
const FULL_ACCESS = fullAccess(true);
const RIGHTS: Readonly<Record<Held['right'], Right>> = {
  'Full Access': FULL_ACCESS,
  'Send As': SEND_AS,
  'Send on Behalf': SEND_ON_BEHALF,
};

/** There is no way to ask for the mailboxes that somebody has Full Access to. */
const EVERY_MAILBOX: Scan = {
  // Each has an alias.
  list: call('Get-Mailbox', { Filter: 'Alias -ne $null', ResultSize: 'Unlimited' }, OBJECT),
  look: (listed, { mailbox }) => {
    const { guid } = parseObject(listed);
    return guid === mailbox.guid ? undefined : FULL_ACCESS.read(guid, mailbox);
  },
  stillThere: (listed) =>
    call('Get-Mailbox', { Filter: `Guid -eq ${opathText(parseObject(listed).guid)}` }, ['Guid']),
};

interface Answers {
  readonly sendAs: readonly Cells[];
  readonly onBehalf: readonly Cells[];
  /** The recipients that may be those of `sendAs`. */
  readonly named: readonly Cells[];
}

function apart(chosen: Settings, answers: readonly (readonly Cells[])[]): Answers {
  const [sendAs = [], ...others] = chosen.sendAs ? answers : [[], ...answers];
  const [onBehalf = [], ...named] = chosen.sendOnBehalf ? others : [[], ...others];
  return { sendAs, onBehalf, named: named.flat() };
}

const sendAsRow = z.object({
  Identity: z.string().min(1),
  AccessRights: namesCell,
  AccessControlType: z.string().nullish(),
  IsInherited: z.boolean().nullish(),
});

/** What the person may send as: not what is denied or comes from above. */
function identitiesIn(rows: readonly Cells[]): readonly string[] {
  return rows
    .map((row) => parseCells(sendAsRow, row, 'a permission entry'))
    .filter(
      (entry) =>
        entry.AccessRights.includes('SendAs') &&
        entry.AccessControlType !== 'Deny' &&
        entry.IsInherited !== true,
    )
    .map((entry) => entry.Identity);
}

function planFor(
  subject: Subject,
  { sendAs, onBehalf, named }: Answers,
  chosen: Settings,
  looked: readonly Looked[] | undefined,
): OperationPlan<Seen> {
  const find = finderIn(named);
  const identities = identitiesIn(sendAs);
  const found = identities.flatMap((identity) => find(identity) ?? []);
  const open = (looked ?? []).filter(({ answer }) => FULL_ACCESS.isHeld(answer));
  const held = [
    ...found.map((object) => holding('Send As', object)),
    ...onBehalf.map(parseObject).map((object) => holding('Send on Behalf', object)),
    ...open.map(({ listed }) => holding('Full Access', parseObject(listed))),
  ].filter(({ guid }) => guid !== subject.mailbox.guid);
  return {
    changes: held.map((one) => revoke(subject, one)),
    findings: [],
    skipped: [
      ...identities.filter((identity) => find(identity) === undefined).map(unclear),
      ...(chosen.fullAccess && looked === undefined ? [NOT_LOOKED] : []),
    ],
    seen: { rights: held },
  };
}

function holding(right: Held['right'], { guid, label, addresses }: NamedObject): Held {
  return { right, guid, label, addresses: [...addresses] };
}

function unclear(identity: string): Skip {
  const reason = 'not exactly one recipient is shown by this name: take the right away by hand';
  return { operation: NAME, what: `Send As on ${identity}`, reason };
}

const NOT_LOOKED: Skip = {
  operation: NAME,
  what: 'Full Access on other mailboxes',
  reason: 'found by looking at every mailbox, which only a job does',
};

function revoke({ mailbox }: Subject, held: Held): Change {
  return {
    ...about(held),
    sentence: `Give up ${held.right} on ${held.label}`,
    call: RIGHTS[held.right].revoke(held.guid, mailbox.guid),
    // Not every answer says that an object is synchronised; the refusal does.
    tolerates: ['exchange.synchronised'],
  };
}

function about({ right, guid, label, addresses }: Held) {
  return {
    id: `${NAME}:${right}:${guid}`,
    operation: NAME,
    required: true,
    elsewhere: { what: `${right} on ${label}`, addresses },
  };
}

/** Gives the rights back that are not there any more, as far as what they were on is still there. */
function restore(before: Seen): Operation<Seen> {
  const objects = readObjects(
    'Guid',
    before.rights.map(({ guid }) => guid),
  );
  const thereIn = (answers: readonly (readonly Cells[])[]) => {
    const there = new Set(answers.slice(0, objects.length).flat().map(parseObject).map(guidOf));
    return before.rights.filter(({ guid }) => there.has(guid));
  };
  return {
    name: NAME,
    reads: () => objects,
    readsNext: ({ mailbox }, answers) =>
      thereIn(answers).map(({ right, guid }) => RIGHTS[right].read(guid, mailbox)),
    plan: (subject, answers) => {
      const there = thereIn(answers);
      const rows = answers.slice(objects.length);
      const held = there.filter(({ right }, index) => RIGHTS[right].isHeld(rows[index] ?? []));
      return {
        changes: there.filter((one) => !held.includes(one)).map((one) => grant(subject, one)),
        findings: before.rights.filter((one) => !there.includes(one)).map(objectGone),
        skipped: [],
        seen: { rights: held },
      };
    },
  };
}

function guidOf({ guid }: NamedObject): string {
  return guid;
}

function grant({ mailbox }: Subject, held: Held): Change {
  return {
    ...about(held),
    sentence: `Get ${held.right} on ${held.label} back`,
    call: RIGHTS[held.right].grant(held.guid, mailbox.guid),
  };
}

function objectGone({ right, label }: Held): Finding {
  const sentence = `${label} is not there any more; ${right} on it was not given back.`;
  return { kind: OBJECT_GONE, sentence };
}
