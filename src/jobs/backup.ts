import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { ServiceError } from '../errors.ts';
import { backupName } from './backup-files.ts';
import { openAsItIs } from './open-database.ts';
import type { Backup } from './store.ts';

/** About 1 MB: the event loop serves others in between. */
const PAGES_AT_ONCE = 256;
const PARTIAL = '.partial';

/**
 * Copies the database into a new file of the folder while others go on writing to it, and opens the copy to
 * see that it is whole. The file has its name only then. One at a time: what an earlier one left unfinished is
 * deleted. Throws `jobs.backup-failed`.
 */
export async function copyDatabase(
  database: Database,
  folder: string,
  date: Date,
): Promise<Backup> {
  const file = join(folder, backupName(date));
  const partial = `${file}${PARTIAL}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseExisting(file);
    deletePartial(folder);
    closeSync(openSync(partial, 'wx', 0o600));
    await database.backup(partial, { progress: () => PAGES_AT_ONCE });
    await verify(partial);
    chmodSync(partial, 0o600);
    renameSync(partial, file);
    flushFolder(folder);
    return { file, bytes: statSync(file).size };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown fault';
    throw new ServiceError('jobs.backup-failed', `the copy ${file} can't be made: ${why}`, {
      cause,
    });
  } finally {
    deletePartial(folder);
  }
}

/** Copies a queue that no service has open. Throws `jobs.backup-failed`, and what `openAsItIs` throws. */
export async function copyClosedQueue(file: string, folder: string, date: Date): Promise<Backup> {
  const database = openAsItIs(file);
  try {
    return await copyDatabase(database, folder, date);
  } finally {
    database.close();
  }
}

function refuseExisting(file: string): void {
  if (existsSync(file)) {
    throw new Error('there is a copy of this time already');
  }
}

/** With whatever SQLite keeps beside it. */
function deletePartial(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names.filter((one) => one.includes(PARTIAL))) {
    rmSync(join(folder, name), { force: true });
  }
}

/** In a thread of its own: a million jobs take seconds. */
async function verify(file: string): Promise<void> {
  const worker = new Worker(new URL('./verify-copy.ts', import.meta.url), { workerData: file });
  await once(worker, 'exit');
}

/** So that the name is there after a power cut. Windows can't, and need not. */
function flushFolder(folder: string): void {
  if (process.platform !== 'win32') {
    const handle = openSync(folder, 'r');
    fsyncSync(handle);
    closeSync(handle);
  }
}
