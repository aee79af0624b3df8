import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import type { Identity } from '../../cmdlets/identity.ts';
import { parseAddress } from '../address.ts';
import { parseCells, textsCell } from '../cells.ts';
import { isOutside, READ_DOMAINS } from '../domains.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Mailbox } from '../mailbox.ts';
import type { Cells } from '../ports.ts';
import { section } from '../section.ts';
import type { Subject } from '../subject.ts';
import type { Change, Operation, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'inbox-rules';

const settings = section({
  /** A disabled rule can be enabled again; a removed one is gone. */
  action: z.enum(['disable', 'remove']).default('disable'),
});
type Settings = z.infer<typeof settings>;

const seen = z.object({
  rules: z.array(
    z.object({
      /** The number Exchange gives it. */
      id: z.string(),
      name: z.string(),
      isEnabled: z.boolean(),
      /** Conditions and actions in the words of Exchange: enough to write the rule anew. */
      definition: z.string(),
      /** Whom it sends messages to outside the organisation. */
      sendsOutside: z.array(z.string()),
    }),
  ),
});
type Seen = z.infer<typeof seen>;
type Rule = Seen['rules'][number];

const KINDS = {
  outside: { code: 'rule-sends-outside', byDefault: 'warn' },
  outlook: { code: 'outlook-rules-lost', byDefault: 'warn' },
  gone: { code: 'rule-gone', byDefault: 'warn' },
} as const satisfies Record<string, FindingKind>;

/** Stops the rules of the mailbox, also hidden ones, and tells which of them send messages outside. */
export const inboxRules: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: Object.values(KINDS),
  roles: [
    { role: 'Mail Recipients', because: 'to read and change the rules of mailboxes' },
    { role: 'User Options', because: 'to read and change what belongs to another user' },
    { role: 'View-Only Configuration', because: 'to read the accepted domains' },
  ],
  seen,
  configure: ({ action }) => ({
    name: NAME,
    reads: (subject) => [readRules(subject)],
    readsNext: (_subject, [rules = []]) => (mayLeak(rules) ? [READ_DOMAINS] : []),
    plan: ({ mailbox }, [rules = [], domains = []]) =>
      planFor(mailbox, rulesIn(rules, domains), action),
  }),
  restore,
  describe: ({ rules }) => rules.map(describeRule),
};

function readRules({ mailbox }: Subject) {
  return call(
    'Get-InboxRule',
    { Mailbox: mailbox.guid, IncludeHidden: true, ResultSize: 'Unlimited' },
    ['Identity', 'Name', 'Enabled', 'Description', ...SENDING],
  );
}

const SENDING = ['ForwardTo', 'ForwardAsAttachmentTo', 'RedirectTo'] as const;

const ruleRow = z.object({
  // Mailbox and number. As a number of its own it has more digits than JavaScript can hold.
  Identity: z.string().regex(/\\\d{1,20}$/),
  Name: z.string().nullish(),
  Enabled: z.boolean(),
  Description: z.string().nullish(),
  ForwardTo: textsCell,
  ForwardAsAttachmentTo: textsCell,
  RedirectTo: textsCell,
});

/** Hidden rules by which Exchange itself sorts junk and answers for those who are away. */
const OWN_RULES = /^(Junk E-Mail Rule$|Microsoft\.Exchange\.OOF\.)/i;

function rulesIn(rows: readonly Cells[], domains: readonly Cells[]): readonly Rule[] {
  return rows
    .map((row) => parseCells(ruleRow, row, 'an inbox rule'))
    .filter(({ Name: name }) => !OWN_RULES.test(name ?? ''))
    .map((row) => ({
      id: row.Identity.slice(row.Identity.lastIndexOf('\\') + 1),
      name: row.Name ?? '',
      isEnabled: row.Enabled,
      definition: (row.Description ?? '').replace(/\s+/g, ' ').trim(),
      sendsOutside: SENDING.flatMap((part) => row[part]).flatMap((to) => outsider(to, domains)),
    }));
}

/**
 * Shown as `"name" [EX:…]` for a recipient of the organisation, `"name" [SMTP:address]` for any address.
 * Of what is neither, nobody can tell: it counts as outside.
 */
function outsider(to: string, domains: readonly Cells[]): readonly string[] {
  if (/\[EX:/i.test(to)) {
    return [];
  }
  const address = parseAddress(/\[SMTP:([^\]]+)\]/i.exec(to)?.[1]);
  return address !== undefined && !isOutside(address, domains) ? [] : [address ?? to];
}

/** Without knowing the domains every address counts as outside. */
function mayLeak(rows: readonly Cells[]): boolean {
  return rulesIn(rows, []).some(({ sendsOutside }) => sendsOutside.length > 0);
}

function planFor(
  mailbox: Mailbox,
  rules: readonly Rule[],
  action: Settings['action'],
): OperationPlan<Seen> {
  const changes = rules
    .filter(({ isEnabled }) => isEnabled || action === 'remove')
    .map((rule) => (action === 'remove' ? remove(mailbox, rule) : disable(mailbox, rule)));
  return {
    changes,
    findings: [...rules.flatMap(leak), ...(changes.length === 0 ? [] : [OUTLOOK_RULES_LOST])],
    skipped: [],
    seen: { rules: [...rules] },
  };
}

function leak({ name, isEnabled, sendsOutside }: Rule): readonly Finding[] {
  const sentence = `The rule "${name}" sends messages outside: ${sendsOutside.join(', ')}.`;
  return isEnabled && sendsOutside.length > 0 ? [{ kind: KINDS.outside, sentence }] : [];
}

/** https://learn.microsoft.com/powershell/module/exchangepowershell/disable-inboxrule */
const OUTLOOK_RULES_LOST: Finding = {
  kind: KINDS.outlook,
  sentence:
    'Changing rules from outside Outlook deletes for good those that only Outlook knows (client-side rules).',
};

function disable(mailbox: Mailbox, rule: Rule): Change {
  return {
    ...about(rule),
    sentence: `Disable the rule "${rule.name}"`,
    call: call('Disable-InboxRule', unasked(mailbox.guid, rule)),
  };
}

function remove(mailbox: Mailbox, rule: Rule): Change {
  return {
    ...about(rule),
    sentence: `Remove the rule "${rule.name}"`,
    call: call('Remove-InboxRule', unasked(mailbox.guid, rule)),
    irreversible: true,
  };
}

function enable(mailbox: Mailbox, rule: Rule): Change {
  return {
    ...about(rule),
    sentence: `Enable the rule "${rule.name}" again`,
    call: call('Enable-InboxRule', unasked(mailbox.guid, rule)),
  };
}

function about({ id }: Rule) {
  return { id: `${NAME}:${id}`, operation: NAME, required: true };
}

/** Without `Force` it asks whether Outlook's own rules may be lost. */
function unasked(mailbox: Identity, { id }: Rule) {
  return { Identity: id, Mailbox: mailbox, Force: true, Confirm: false };
}

/** Enables those that were enabled; who removed one of them since has taken it away for good. */
function restore(before: Seen): Operation<Seen> {
  const wanted = before.rules.filter(({ isEnabled }) => isEnabled);
  return {
    name: NAME,
    reads: (subject) => [readRules(subject)],
    plan: ({ mailbox }, [rows = []]) => {
      const now = new Map(rulesIn(rows, []).map((rule) => [rule.id, rule]));
      const disabled = wanted.filter(({ id }) => now.get(id)?.isEnabled === false);
      return {
        changes: disabled.map((rule) => enable(mailbox, rule)),
        findings: [
          ...wanted.filter(({ id }) => !now.has(id)).map(gone),
          ...(disabled.length === 0 ? [] : [OUTLOOK_RULES_LOST]),
        ],
        skipped: [],
        seen: { rules: [...now.values()] },
      };
    },
  };
}

function gone({ name }: Rule): Finding {
  const sentence = `The rule "${name}" is not there any more; the report of the job has its definition.`;
  return { kind: KINDS.gone, sentence };
}

function describeRule({ name, isEnabled, definition, sendsOutside }: Rule): string {
  const state = isEnabled ? 'enabled' : 'disabled';
  const leaks = sendsOutside.length === 0 ? '' : `; sends outside to ${sendsOutside.join(', ')}`;
  return `Rule "${name}", ${state}${leaks}: ${definition}`;
}
