import { codeOf } from '../errors.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Directory } from '../offboarding/directory.ts';
import type { Pool } from '../powershell/pool.ts';

export interface Readiness {
  readonly name: string;
  readonly ready: boolean;
  /** For the on-call person; holds no secret. */
  readonly reason?: string;
}

export interface ReadinessParts {
  readonly store: Pick<JobStore, 'check'>;
  readonly pool: Pick<Pool, 'obstacle'>;
  readonly directory: Pick<Directory<unknown>, 'all'>;
}

/** What must work for a leaver to be got done: queue, PowerShell session, Trelica with the workflows. */
export function createReadiness(parts: ReadinessParts): () => Promise<readonly Readiness[]> {
  return async () => {
    const { obstacle } = parts.pool;
    return Promise.all([
      check('queue', () => parts.store.check()),
      obstacle === undefined
        ? { name: 'exchange', ready: true }
        : { name: 'exchange', ready: false, reason: obstacle },
      check('trelica', () => parts.directory.all()),
    ]);
  };
}

async function check(name: string, attempt: () => Promise<unknown>): Promise<Readiness> {
  try {
    await attempt();
    return { name, ready: true };
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown fault';
    return { name, ready: false, reason: `${codeOf(error)}: ${message}` };
  }
}
