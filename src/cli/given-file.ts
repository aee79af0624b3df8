import { readFileSync } from 'node:fs';
import { EXIT } from './exit.ts';
import { Refusal } from './failure.ts';

/** A file that somebody named on the command line. Throws a refusal if it can't be read. */
export function readGivenFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new Refusal(`${file} can't be read (${code})`, 'name a file that is there', EXIT.usage);
  }
}
