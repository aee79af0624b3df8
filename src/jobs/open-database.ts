import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { ServiceError } from '../errors.ts';
import { newestBackup } from './backup-files.ts';
import { MIGRATIONS } from './migrations.ts';

/** "exob" in ASCII: tells our files from others (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x65786f62;

/**
 * Opens the database of a queue for this process alone and brings its schema up to date; makes it and its
 * folder if need be. Throws `jobs.store-damaged`, and `jobs.store-unusable` if another process has it open,
 * if it is no database of ours, if it is newer than this program, or if the disk can't be made to flush.
 */
export function openDatabase(file: string): Database.Database {
  return opening(file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const database = new Database(file, { timeout: 1_000 });
    return closedOnFailure(database, () => {
      // Before the log beside it is made, which takes over these rights.
      chmodSync(file, 0o600);
      assertOurs(database);
      configure(database);
      assertSound(file, database);
      migrate(database);
      return database;
    });
  });
}

/**
 * Opens it as it is, for this process alone, without bringing anything up to date: a copy may be wanted
 * before an upgrade. Throws as `openDatabase` does, also if there is no such file.
 */
export function openAsItIs(file: string): Database.Database {
  return opening(file, () => {
    const database = new Database(file, { timeout: 1_000, fileMustExist: true });
    return closedOnFailure(database, () => {
      assertOurs(database);
      configure(database);
      return database;
    });
  });
}

function opening<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw unusable(file, error);
  }
}

function closedOnFailure<T>(database: Database.Database, use: () => T): T {
  try {
    return use();
  } catch (error) {
    database.close();
    throw error;
  }
}

function configure(database: Database.Database): void {
  // Exclusive: the lock is the operating system's, so a killed process leaves none behind.
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const isFull = database.pragma('synchronous', { simple: true }) === 2;
  const isWal = database.pragma('journal_mode', { simple: true }) === 'wal';
  if (!isFull || !isWal) {
    throw new ServiceError('jobs.store-unusable', 'the database does not flush to disk as asked');
  }
  // Takes the lock now rather than at the first job.
  database.exec('BEGIN IMMEDIATE; COMMIT');
}

/** Throws if the file is somebody else's database. */
export function assertOurs(database: Database.Database): void {
  const id = database.pragma('application_id', { simple: true });
  const tables = database.prepare('SELECT COUNT(*) AS n FROM sqlite_master').get() as { n: number };
  if (id !== APPLICATION_ID && tables.n > 0) {
    throw new ServiceError('jobs.store-unusable', 'the file is a database of another program');
  }
}

/** Up to here a whole check takes a few seconds, also of a file that is on the disk only. */
const LARGEST_CHECKED_BYTES = 256 * 2 ** 20;

function assertSound(file: string, database: Database.Database): void {
  if (statSync(file).size <= LARGEST_CHECKED_BYTES) {
    assertWhole(database);
  } else {
    assertWorkable(file, database);
  }
}

/**
 * What takes no longer for a million jobs: the file is as long as it says, and the jobs that are open and the
 * newest ones can be read. The rest is checked whenever a copy is made. Throws `SQLITE_CORRUPT`.
 */
export function assertWorkable(file: string, database: Database.Database): void {
  database.pragma('wal_checkpoint(TRUNCATE)');
  const pages = Number(database.pragma('page_count', { simple: true }));
  const bytes = pages * Number(database.pragma('page_size', { simple: true }));
  if (statSync(file).size < bytes) {
    throw new Database.SqliteError('the file is shorter than it was', 'SQLITE_CORRUPT');
  }
  const readable = (some: string) =>
    database.prepare(`SELECT SUM(LENGTH(request) + LENGTH(report)) FROM (${some})`).get();
  readable(`SELECT request, report FROM jobs INDEXED BY openByDue
            WHERE state IN ('queued', 'waiting') ORDER BY dueAt LIMIT 10000`);
  readable('SELECT request, report FROM jobs ORDER BY sequence DESC LIMIT 1000');
}

/** Throws `SQLITE_CORRUPT` if a page of the file is not what SQLite wrote. */
export function assertWhole(database: Database.Database): void {
  const found = database.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') {
    throw new Database.SqliteError(String(found).replace(/\s+/g, ' '), 'SQLITE_CORRUPT');
  }
}

function migrate(database: Database.Database): void {
  const applied = Number(database.pragma('user_version', { simple: true }));
  if (applied > MIGRATIONS.length) {
    throw new ServiceError(
      'jobs.store-unusable',
      `the database is newer than this program (schema ${applied}, known ${MIGRATIONS.length}): use the newer program`,
    );
  }
  database.transaction(() => {
    for (const migration of MIGRATIONS.slice(applied)) {
      database.exec(migration);
    }
    database.pragma(`user_version = ${MIGRATIONS.length}`);
    database.pragma(`application_id = ${APPLICATION_ID}`);
  })();
}

function unusable(file: string, cause: unknown): ServiceError {
  if (cause instanceof ServiceError) {
    return cause;
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = cause instanceof Error ? cause.message : 'unknown fault';
  const details = { facts: { file, code }, cause };
  if (code.startsWith('SQLITE_BUSY')) {
    const message = `the queue ${file} can't be opened: another instance is running on it`;
    return new ServiceError('jobs.store-unusable', message, details);
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    const message = `the queue ${file} is damaged (${why}): ${cureOf(file)}`;
    return new ServiceError('jobs.store-damaged', message, details);
  }
  return new ServiceError(
    'jobs.store-unusable',
    `the queue ${file} can't be opened: ${why}`,
    details,
  );
}

function cureOf(file: string): string {
  const aside = `move ${file} and ${file}-wal away`;
  const copy = newestBackup(dirname(file));
  return copy === undefined
    ? `there is no copy beside it; ${aside} to begin with an empty queue`
    : `${aside}, copy ${copy} to ${file} and start again`;
}
