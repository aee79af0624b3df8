import { fold, wordsIn } from './fold.ts';
import type { Preview } from './preview.ts';
import type { PlannedChange } from './report.ts';

/** The preview for people. */
export function previewText(shown: Preview): string {
  const { person, manager, mailbox, changes, findings, skipped, seen, exchangeCalls } = shown;
  const lines = [
    `Plan for ${person.name} <${person.email}>; nothing was changed`,
    `  manager: ${manager ?? 'none'}`,
    `  mailbox: ${mailbox === undefined ? 'none' : `${mailbox.displayName} <${mailbox.address}>, ${mailbox.type}`}`,
    ...seen.flatMap(entry),
    ...heading(findings, shown.stopped ? 'Findings; nothing would be changed' : 'Findings'),
    ...findings.flatMap(({ severity, sentence, code }) =>
      entry(`${severity}: ${sentence} (${code})`),
    ),
    ...heading(changes, 'Changes, in this order'),
    ...changes.flatMap((change, index) => [
      ...entry(`${index + 1}. ${change.sentence}${notesOn(change)}`),
      ...fold(commandIn(change), '      ', '        '),
    ]),
    ...heading(skipped, 'Left alone'),
    ...skipped.flatMap(({ operation, what, reason }) => entry(`${operation}: ${what}: ${reason}`)),
    ...(changes.length === 0 && !shown.stopped ? ['', 'There is nothing to do.'] : []),
    '',
    `${exchangeCalls} Exchange calls`,
  ];
  return `${lines.join('\n')}\n`;
}

function entry(text: string): readonly string[] {
  return fold(wordsIn(text), '  ', '      ');
}

function heading(list: readonly unknown[], title: string): readonly string[] {
  return list.length === 0 ? [] : ['', title];
}

function notesOn({ required, irreversible }: PlannedChange): string {
  const notes = [
    ...(required ? [] : ['best effort']),
    ...(irreversible ? ['cannot be taken back'] : []),
  ];
  return notes.length === 0 ? '' : ` (${notes.join(', ')})`;
}

/** As one would write it in PowerShell, each parameter with its value; values are shown, never run. */
function commandIn({ cmdlet, parameters }: PlannedChange): readonly string[] {
  const given = Object.entries(parameters).map(([name, value]) => `-${name}${valueText(value)}`);
  return [cmdlet, ...given];
}

type Value = PlannedChange['parameters'][string];

function valueText(value: Value): string {
  if (typeof value === 'boolean') {
    return value ? ':$true' : ':$false';
  }
  if (typeof value !== 'object') {
    return ` ${typeof value === 'number' ? value : quoted(value)}`;
  }
  if (Array.isArray(value)) {
    return ` ${value.map(quoted).join(',')}`;
  }
  if (value.$type === 'null') {
    return ' $null';
  }
  const sides = [
    ['Add', value.add],
    ['Remove', value.remove],
  ] as const;
  const given = sides.flatMap(([side, names]) =>
    names.length === 0 ? [] : [`${side}=${names.map(quoted).join(',')}`],
  );
  return ` @{${given.join('; ')}}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
