import type { WireObject, WireValue } from '../wire.ts';
import type { Directory, Recipient } from './directory.ts';
import { anyone, exactlyOne } from './find.ts';
import type { InboxRule, RuleDefinition } from './mailbox.ts';
import { flag, isGiven, list, text, type Values } from './values.ts';

type Kind = 'recipients' | 'texts' | 'text' | 'flag';

/** The conditions and actions of a rule that are imitated, in the words of its description. */
const PARTS: Readonly<Record<string, { readonly kind: Kind; readonly words: string }>> = {
  From: { kind: 'recipients', words: 'the message was received from' },
  SentTo: { kind: 'recipients', words: 'the message was sent to' },
  SubjectContainsWords: { kind: 'texts', words: 'the subject includes' },
  BodyContainsWords: { kind: 'texts', words: 'the body includes' },
  SubjectOrBodyContainsWords: { kind: 'texts', words: 'the subject or body includes' },
  FromAddressContainsWords: { kind: 'texts', words: "the sender's address includes" },
  HasAttachment: { kind: 'flag', words: 'the message has an attachment' },
  MyNameInToBox: { kind: 'flag', words: 'my name is in the To box' },
  ForwardTo: { kind: 'recipients', words: 'forward the message to' },
  ForwardAsAttachmentTo: { kind: 'recipients', words: 'forward the message as attachment to' },
  RedirectTo: { kind: 'recipients', words: 'redirect the message to' },
  MoveToFolder: { kind: 'text', words: 'move the message to folder' },
  CopyToFolder: { kind: 'text', words: 'copy the message to folder' },
  DeleteMessage: { kind: 'flag', words: 'delete the message' },
  MarkAsRead: { kind: 'flag', words: 'mark the message as read' },
  StopProcessingRules: { kind: 'flag', words: 'stop processing more rules' },
};
export const DEFINING: readonly string[] = Object.keys(PARTS);

/** What a call says of a rule. Throws `Refusal` for a recipient nobody is. */
export function defined(values: Values, directory: Directory): RuleDefinition {
  const given = Object.entries(PARTS).filter(([name]) => isGiven(values, name));
  return Object.fromEntries(
    given.map(([name, { kind }]) => [name, givenValue(values, name, kind, directory)]),
  );
}

function givenValue(values: Values, name: string, kind: Kind, directory: Directory) {
  switch (kind) {
    case 'recipients':
      return list(values, name).map((identity) => recipient(identity, directory));
    case 'texts':
      return list(values, name);
    case 'text':
      return text(values, name) ?? '';
    case 'flag':
      return flag(values, name);
  }
}

/** A rule may also name an address nobody here has. */
function recipient(identity: string, directory: Directory): string {
  const isKnown = directory.named(identity).length > 0;
  return !isKnown && /^[^@\s"[\]]+@[^@\s"[\]]+$/.test(identity)
    ? identity
    : exactlyOne(directory, identity, anyone).guid;
}

/** A rule as `Get-InboxRule` shows it: with recipients in a form that `New-InboxRule` does not take. */
export function describeRule(owner: Recipient, rule: InboxRule, directory: Directory): WireObject {
  const shown = Object.entries(PARTS).map(([name, { kind }]): [string, WireValue] => {
    const value = rule.definition[name] ?? (kind === 'flag' ? false : null);
    return [name, kind === 'recipients' ? names(value, directory) : value];
  });
  const parts = Object.fromEntries(shown);
  return {
    Identity: `${owner.alias}\\${rule.id}`,
    RuleIdentity: { $long: rule.id },
    Name: rule.name,
    Enabled: rule.isEnabled,
    Priority: rule.priority,
    MailboxOwnerId: owner.name,
    Description: description(parts),
    ...parts,
  };
}

function names(value: WireValue, directory: Directory): WireValue {
  return Array.isArray(value) ? value.map((one: string) => shownRecipient(one, directory)) : value;
}

function shownRecipient(stored: string, directory: Directory): string {
  if (stored.includes('@')) {
    return `"${stored}" [SMTP:${stored}]`;
  }
  const { displayName, legacyExchangeDn } = directory.get(stored);
  return `"${displayName}" [EX:${legacyExchangeDn}]`;
}

function description(parts: WireObject): string {
  const lines = Object.entries(PARTS).flatMap(([name, { words }]) => {
    const value = parts[name];
    if (value === null || value === undefined || value === false) {
      return [];
    }
    return [value === true ? words : `${words} '${[value].flat().join("' or '")}'`];
  });
  return `${lines.join('\n\t')}\n`;
}
