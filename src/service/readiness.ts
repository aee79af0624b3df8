import { codeOf, ServiceError } from '../errors.ts';
import type { PartReadiness } from '../http/health.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Directory } from '../offboarding/directory.ts';
import type { Pool } from '../powershell/pool.ts';

export interface ReadinessParts {
  readonly store: Pick<JobStore, 'check' | 'paused'>;
  readonly pool: Pick<Pool, 'status'>;
  readonly directory: Pick<Directory<unknown>, 'all'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A failed look-up is not repeated for every probe. */
const FAILURE_KEPT_MS = 5_000;

/** What must work for a leaver to be got done: queue, PowerShell session, Trelica with the workflows. */
export function createReadiness(parts: ReadinessParts): () => Promise<readonly PartReadiness[]> {
  const trelica = keepFailures(() => check('trelica', () => parts.directory.all()), parts.now);
  return async () => {
    const { obstacle } = parts.pool.status;
    return Promise.all([
      queue(parts.store),
      obstacle === undefined
        ? { name: 'exchange', ready: true }
        : { name: 'exchange', ready: false, reason: obstacle },
      trelica(),
    ]);
  };
}

/** A pause is told, but it is no fault: who is not ready gets no webhooks, and these are still to be accepted. */
async function queue(store: ReadinessParts['store']): Promise<PartReadiness> {
  const found = await check('queue', () => store.check());
  const pause = found.ready ? await store.paused() : undefined;
  // Not why: anybody may ask whether we are ready.
  return pause === undefined
    ? found
    : { ...found, reason: `paused since ${new Date(pause.since).toISOString()}` };
}

async function check(name: string, attempt: () => Promise<unknown>): Promise<PartReadiness> {
  try {
    await attempt();
    return { name, ready: true };
  } catch (error) {
    // Only our own sentences: anything else may name paths or hosts.
    const message = error instanceof ServiceError ? error.message : 'see the log';
    return { name, ready: false, reason: `${codeOf(error)}: ${message}` };
  }
}

function keepFailures(look: () => Promise<PartReadiness>, now: () => number) {
  let kept: { readonly answer: Promise<PartReadiness>; readonly until: number } | undefined;
  return async (): Promise<PartReadiness> => {
    if (kept === undefined || kept.until <= now()) {
      kept = { answer: look(), until: now() + FAILURE_KEPT_MS };
    }
    const answer = await kept.answer;
    if (answer.ready) {
      kept = undefined;
    }
    return answer;
  };
}
