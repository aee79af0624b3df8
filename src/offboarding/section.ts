import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';

/**
 * A group of settings: unknown names are refused, and the fault says which names there are, a line for
 * each unknown one. Whoever mistypes a setting must not get the default of another one.
 */
export function section<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownSetting(key, known)).join('\n')
        : undefined,
  });
}

function unknownSetting(key: string, known: readonly string[]): string {
  const near = similarTo(key, known);
  const guess = near === undefined ? ';' : `; did you mean ${near}?`;
  return `unknown setting ${JSON.stringify(key)}${guess} known: ${known.join(', ') || 'none'}`;
}

/** The word that was probably meant: at most every third character is another one. */
export function similarTo(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) {
    return undefined;
  }
  const near = closest(word, [...known]);
  const isNear = distance(word.toLowerCase(), near.toLowerCase()) <= word.length / 3;
  return isNear ? near : undefined;
}
