import { readFileSync, type Stats, statSync } from 'node:fs';
import { ServiceError } from '../errors.ts';

/** A secret from its file, without the line break editors leave. Throws `config.invalid` if others can read it. */
export function readGuarded(file: string, encoding: BufferEncoding): string {
  const openness = opennessOf(file);
  if (openness !== undefined) {
    throw new ServiceError('config.invalid', openness);
  }
  const content = readFileSync(file, encoding);
  return encoding === 'utf8' ? content.replace(/\r?\n$/, '') : content;
}

/** Why a file keeps no secret, with the cure; undefined if it does. Windows has no such bits: no question there. */
export function opennessOf(file: string): string | undefined {
  const stats = statSync(file);
  // A pipe or device was handed over by whoever started us.
  if (process.platform === 'win32' || !stats.isFile() || (stats.mode & tooOpen(stats)) === 0) {
    return undefined;
  }
  const mode = (stats.mode & 0o777).toString(8);
  return `${file} can be read or changed by others (mode ${mode}): chmod 600 ${file}`;
}

/** What belongs to somebody else (systemd, Kubernetes) is given to us by its group: then it may read. */
function tooOpen({ uid }: Stats): number {
  return uid === process.getuid?.() ? 0o077 : 0o027;
}
