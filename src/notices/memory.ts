import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Which notices are settled, sent or given up: what is owed but not in here is sent after a restart, and what
 * is in here is not sent again. Losing the file repeats notices, and loses none.
 */
export interface NoticeMemory {
  /** True if there was no memory yet: everything there is was there before anybody asked for notices. */
  readonly isNew: boolean;
  isSettled(key: string): boolean;
  /** `at`: milliseconds since the epoch by the wall. Throws if it can't be written; remembered in this process all the same. */
  settle(keys: readonly string[], at: number): void;
}

const content = z.object({ settled: z.record(z.string(), z.number()) });
/** Far more than anybody looks after; the oldest go first. */
const MOST_KEPT = 5_000;

export function openNoticeMemory(file: string): NoticeMemory {
  const found = read(file);
  const settled = new Map(Object.entries(found ?? {}));
  return {
    isNew: found === undefined,
    isSettled: (key) => settled.has(key),
    settle(keys, at) {
      for (const key of keys) {
        settled.delete(key);
        settled.set(key, at);
      }
      for (const key of [...settled.keys()].slice(0, Math.max(0, settled.size - MOST_KEPT))) {
        settled.delete(key);
      }
      write(file, JSON.stringify({ settled: Object.fromEntries(settled) }));
    },
  };
}

/** Undefined if there is none. One that can't be read counts as empty, not as new: better told twice than not at all. */
function read(file: string): Readonly<Record<string, number>> | undefined {
  try {
    return content.parse(JSON.parse(readFileSync(file, 'utf8'))).settled;
  } catch (error) {
    const isThere = !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
    return isThere ? {} : undefined;
  }
}

/** Whole or not at all. */
function write(file: string, text: string): void {
  const draft = `${file}.new`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}
