import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^jobs-\d{4}-\d{2}-\d{2}T[\d-]+Z\.db$/;

/** Where the copies of the queue in this data directory are kept. */
export function backupFolder(dataDirectory: string): string {
  return join(dataDirectory, 'backups');
}

/** Sorts by date, and Windows allows no colons. */
export function backupName(date: Date): string {
  return `jobs-${date.toISOString().replace(/[:.]/g, '-')}.db`;
}

/** The newest whole copy beside the queue in this data directory. */
export function newestBackup(dataDirectory: string): string | undefined {
  const folder = backupFolder(dataDirectory);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => NAME.test(name)) : [];
  const newest = names.sort().at(-1);
  return newest === undefined ? undefined : join(folder, newest);
}
