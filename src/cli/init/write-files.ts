import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { secretFileName } from '../../secrets.ts';
import { Refusal } from '../failure.ts';

/** What became of a file. */
export interface Written {
  readonly file: string;
  readonly what: 'written' | 'kept' | 'missing';
  /** Where what stood there before is now. */
  readonly copy?: string;
}

/**
 * Writes a file that only this user can read. One that is there is never overwritten: it throws, or with
 * `force` a copy is kept.
 */
export function writeGuarded(file: string, content: string | Buffer, force: boolean): Written {
  const copy = existsSync(file) ? `${file}.${timestamp()}.bak` : undefined;
  if (copy !== undefined && !force) {
    throw new Refusal(`${file} is there already`, 'say --force to replace it and keep a copy');
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (copy !== undefined) {
    renameSync(file, copy);
  }
  writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  return { file, what: 'written', ...(copy === undefined ? {} : { copy }) };
}

/** A secret that was given, by its variable; undefined if it is to be put there later. */
export type GivenSecrets = Readonly<Record<string, string | Buffer | undefined>>;

const TOKENS = [
  'EXO_BRIDGE_WEBHOOK_TOKEN',
  'EXO_BRIDGE_POLL_TOKEN',
  'EXO_BRIDGE_OPERATOR_TOKEN',
] as const;

/** A file for each secret. Tokens not given are made; what is there already is in use somewhere, and so is kept. */
export function writeSecrets(folder: string, given: GivenSecrets): readonly Written[] {
  const tokens = TOKENS.map((name) => [name, randomBytes(32).toString('hex')]);
  const secrets: GivenSecrets = { ...Object.fromEntries(tokens), ...given };
  return Object.entries(secrets).map(([name, content]) => {
    const file = join(folder, secretFileName(name));
    if (existsSync(file)) {
      return { file, what: 'kept' };
    }
    return content === undefined ? { file, what: 'missing' } : writeGuarded(file, content, false);
  });
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(/[:.]/g, '-');
}
