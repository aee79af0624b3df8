import type { Call } from '../cmdlets/call.ts';
import { ServiceError } from '../errors.ts';
import type { Looked, Scan } from './operations/operation.ts';
import type { Cells, Exchange } from './ports.ts';
import type { Subject } from './subject.ts';

/** Far enough apart not to fill the log or the disk, near enough for whoever watches. */
const TELL_EVERY = 50;

export interface ScanParts {
  readonly exchange: Exchange;
  readonly signal: AbortSignal;
  /** How far it is: told now and then, and at the end. */
  readonly onProgress: (looked: number, of: number) => Promise<void>;
}

/** Looks at every object of the list, one after another; keeps those of which there was something to read. */
export async function scanAll(
  scan: Scan,
  subject: Subject,
  parts: ScanParts,
): Promise<readonly Looked[]> {
  const listed = await parts.exchange.read(scan.list);
  const looked: Looked[] = [];
  for (const [index, one] of listed.entries()) {
    parts.signal.throwIfAborted();
    if (index % TELL_EVERY === 0) {
      await parts.onProgress(index, listed.length);
    }
    looked.push(...(await lookAt(scan, one, subject, parts.exchange)));
  }
  await parts.onProgress(listed.length, listed.length);
  return looked;
}

/** Looks once more, only where there was something before: what a verification needs. */
export async function scanAgain(
  scan: Scan,
  before: readonly Looked[],
  subject: Subject,
  exchange: Exchange,
): Promise<readonly Looked[]> {
  const looked: Looked[] = [];
  for (const { listed } of before) {
    looked.push(...(await lookAt(scan, listed, subject, exchange)));
  }
  return looked;
}

async function lookAt(
  scan: Scan,
  listed: Cells,
  subject: Subject,
  exchange: Exchange,
): Promise<readonly Looked[]> {
  const call = scan.look(listed, subject);
  const answer = call === undefined ? [] : await readUnlessGone(call, scan, listed, exchange);
  return answer.length === 0 ? [] : [{ listed, answer }];
}

/**
 * Between the listing and the look there may be hours: of what was deleted meanwhile nothing is left to see. But
 * it may also be the person who is not found, and then nothing was seen.
 */
async function readUnlessGone(
  call: Call,
  scan: Scan,
  listed: Cells,
  exchange: Exchange,
): Promise<readonly Cells[]> {
  try {
    return await exchange.read(call);
  } catch (error) {
    const isNotFound = error instanceof ServiceError && error.code === 'exchange.not-found';
    if (isNotFound && (await exchange.read(scan.stillThere(listed))).length === 0) {
      return [];
    }
    throw error;
  }
}
