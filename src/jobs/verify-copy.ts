import { workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { assertOurs, assertWhole } from './open-database.ts';

/** A thread that opens a copy, sees that it is whole and ours, and leaves it as one file. Fails by what it throws. */
const database = new Database(String(workerData), { fileMustExist: true });
try {
  database.pragma('synchronous = FULL');
  // The copy is one file to carry away: without a log beside it.
  database.pragma('journal_mode = DELETE');
  assertOurs(database);
  assertWhole(database);
} finally {
  database.close();
}
