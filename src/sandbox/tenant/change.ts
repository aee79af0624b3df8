import { isDeepStrictEqual } from 'node:util';
import type { Answer } from './cmdlet.ts';
import { copyOf, type Recipient } from './directory.ts';

/** The answer of a cmdlet that sets properties: what is so already is a warning, not an error. */
export function changing(one: Recipient, change: (target: Recipient) => void): Answer {
  const tried = copyOf(one);
  change(tried);
  return isDeepStrictEqual(tried, one)
    ? { warnings: [nothingModified(one)] }
    : { effect: (current) => change(current.get(one.guid)) };
}

function nothingModified({ distinguishedName }: Recipient): string {
  return `The command completed successfully but no settings of '${distinguishedName}' have been modified.`;
}
