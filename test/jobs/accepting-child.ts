import { openSqliteStore } from '../../src/jobs/sqlite.ts';

/** Accepts jobs as fast as it can, many at once, and says on standard output which are on disk. */
const [file = '', round = ''] = process.argv.slice(2);
const store = openSqliteStore(file);

async function acceptForever(lane: number): Promise<never> {
  for (let number = 0; ; number += 1) {
    const key = `${round}/${lane}/${number}`;
    await store.accept({ key, request: { key } }, Date.now());
    process.stdout.write(`${key}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => acceptForever(lane)));
