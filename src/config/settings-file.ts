import { readFileSync } from 'node:fs';
import { type Document, isMap, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { offsetOf } from './place.ts';

/** A YAML file of settings that can tell where in it something is wrong. */
export interface SettingsFile {
  readonly content: unknown;
  /** A line for each fault: file, line, column, setting, what is wrong and what is allowed. */
  faultsOf(issues: readonly z.core.$ZodIssue[]): readonly string[];
}

/** Throws `config.unreadable`, or `config.invalid` for what is no YAML or no map of settings. */
export function readSettingsFile(file: string): SettingsFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, uniqueKeys: true });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const faults = document.errors.map(
      ({ pos, message }) => `${place(pos[0])}: ${message.split('\n')[0]}`,
    );
    throw new ServiceError('config.invalid', faults.join('\n'));
  }
  if (!isMap(document.contents)) {
    throw new ServiceError('config.invalid', `${file}:1:1: a map of settings was expected`);
  }
  return {
    content: document.toJS({ maxAliasCount: 0 }),
    faultsOf: (issues) => issues.flatMap((issue) => tell(issue, document, place)),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `the configuration file can't be read: ${file}`;
    throw new ServiceError('config.unreadable', message, { cause });
  }
}

/** Unknown settings each have a place of their own, and their lines come in the order of the keys. */
function tell(
  issue: z.core.$ZodIssue,
  document: Document,
  place: (offset: number) => string,
): readonly string[] {
  const setting = z.core.toDotPath(issue.path) || '(top level)';
  const line = (path: readonly PropertyKey[], what: string) =>
    `${place(offsetOf(document, path))}: ${setting}: ${what}`;
  if (issue.code === 'unrecognized_keys') {
    const whats = issue.message.split('\n');
    return issue.keys.map((key, index) => line([...issue.path, key], whats[index] ?? ''));
  }
  return [
    line(
      issue.path,
      issue.message.replace(/^Invalid input: (.*), received undefined$/, 'is missing: $1'),
    ),
  ];
}
