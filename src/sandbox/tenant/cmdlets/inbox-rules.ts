import { type Answer, type Cmdlet, page } from '../cmdlet.ts';
import type { Directory, Recipient } from '../directory.ts';
import { mailboxOf, onlyOne } from '../find.ts';
import type { InboxRule } from '../mailbox.ts';
import { wouldAsk } from '../refusal.ts';
import { DEFINING, defined, describeRule } from '../rule-definition.ts';
import { Seeded } from '../seeded.ts';
import { flag, text, type Values } from '../values.ts';

export const getInboxRule: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Mailbox', 'IncludeHidden', 'ResultSize'],
  run: (directory, values) => {
    const owner = ownerOf(directory, values);
    const identity = text(values, 'Identity');
    const rules = identity === undefined ? owner.mailbox.rules : [ruleOf(owner, identity)];
    const shown = rules.filter((rule) => flag(values, 'IncludeHidden') || !rule.isHidden);
    return page(
      shown.map((rule) => describeRule(owner, rule, directory)),
      values,
    );
  },
};

/** Switches that keep a cmdlet from asking whether Outlook's own rules may be lost. */
const UNASKED = ['Force', 'AlwaysDeleteOutlookRulesBlob'];

export const newInboxRule: Cmdlet = {
  kind: 'write',
  parameters: ['Name', 'Mailbox', 'Priority', ...UNASKED, ...DEFINING],
  run: (directory, values) => {
    const owner = ownerOf(directory, values);
    const rule: InboxRule = {
      id: newId(owner),
      name: text(values, 'Name') ?? '',
      priority: Number(values['Priority'] ?? owner.mailbox.rules.length + 1),
      isHidden: false,
      isEnabled: true,
      definition: defined(values, directory),
    };
    const answer = changingRules('New-InboxRule', owner, values, (rules) => [...rules, rule]);
    return { ...answer, objects: [describeRule(owner, rule, directory)] };
  },
};

export const removeInboxRule: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Mailbox', ...UNASKED],
  run: (directory, values) => {
    const { owner, id } = named(directory, values);
    return changingRules('Remove-InboxRule', owner, values, (rules) =>
      rules.filter((one) => one.id !== id),
    );
  },
};

export const enableInboxRule = switching('Enable-InboxRule', true);
export const disableInboxRule = switching('Disable-InboxRule', false);

function switching(cmdlet: string, isEnabled: boolean): Cmdlet {
  return {
    kind: 'write',
    parameters: ['Identity', 'Mailbox', ...UNASKED],
    run: (directory, values) => {
      const { owner, id } = named(directory, values);
      return changingRules(cmdlet, owner, values, (rules) =>
        rules.map((one) => (one.id === id ? { ...one, isEnabled } : one)),
      );
    },
  };
}

/** Whatever a cmdlet changes, the rules that only Outlook knows are gone afterwards. */
function changingRules(
  cmdlet: string,
  { guid, mailbox: before }: Recipient,
  values: Values,
  change: (rules: readonly InboxRule[]) => InboxRule[],
): Answer {
  if (before.outlookRules.length > 0 && !UNASKED.some((name) => flag(values, name))) {
    throw wouldAsk(cmdlet);
  }
  return {
    effect: (current) => {
      const { mailbox } = current.get(guid);
      mailbox.rules = change(mailbox.rules);
      mailbox.outlookRules = [];
    },
  };
}

function named(directory: Directory, values: Values) {
  const owner = ownerOf(directory, values);
  return { owner, id: ruleOf(owner, text(values, 'Identity')).id };
}

/** Without `-Mailbox` the rule's identity must say whose it is: an application has no mailbox of its own. */
function ownerOf(directory: Directory, values: Values): Recipient {
  const [alias, ...rest] = (text(values, 'Identity') ?? '').split('\\');
  return text(values, 'Mailbox') === undefined && rest.length > 0
    ? mailboxOf(directory, { Identity: alias })
    : mailboxOf(directory, values, 'Mailbox');
}

/** By number, by mailbox and number, or by name, which two rules may have. */
function ruleOf(owner: Recipient, identity: string | undefined): InboxRule {
  const wanted = identity?.toLowerCase();
  const found = owner.mailbox.rules.filter((rule) =>
    [rule.id, `${owner.alias}\\${rule.id}`, rule.name].some((one) => one.toLowerCase() === wanted),
  );
  return onlyOne(found, identity);
}

/** A number nobody has had, and that no number of JavaScript can hold. */
function newId({ guid, mailbox }: Recipient): string {
  const taken = new Set(mailbox.rules.map(({ id }) => id));
  const seeded = new Seeded(mailbox.rules.length);
  for (let attempt = 0; ; attempt += 1) {
    const id = seeded.digits(`rule:${guid}:${attempt}`, 19);
    if (!taken.has(id)) {
      return id;
    }
  }
}
