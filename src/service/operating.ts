import type { Clock } from '../clock.ts';
import type { OperatingParts } from '../http/operating.ts';
import type { VerbParts } from '../http/verbs.ts';
import { backupFolder } from '../jobs/backup-files.ts';
import type { Runner } from '../jobs/runner.ts';
import type { Backup, JobStore } from '../jobs/store.ts';
import type { Logger } from '../log.ts';

export interface OperatorParts {
  readonly store: JobStore;
  readonly runner: Pick<Runner, 'cancel' | 'wake'>;
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What an operator may ask for over HTTP: of a job, and of the service as a whole. Two copies at once are one. */
export function createOperating(parts: OperatorParts): VerbParts & OperatingParts {
  const { store, runner, clock, log } = parts;
  let copying: Promise<Backup> | undefined;
  const wakeIf = (isQueued: boolean) => {
    if (isQueued) {
      runner.wake();
    }
    return isQueued;
  };
  return {
    retry: async (id) => wakeIf(await store.retry(id, 'http', clock.now())),
    approve: async (id) => wakeIf(await store.approve(id, 'http', clock.now())),
    cancel: (id) => runner.cancel(id, 'http'),
    paused: () => store.paused(),
    async pause(reason) {
      await store.pause(reason, clock.now());
      log.warn({ reason }, 'paused: work is accepted, but none begun');
    },
    async resume() {
      await store.resume();
      log.warn('resumed');
      runner.wake();
    },
    backup() {
      copying ??= makeCopy(parts).finally(() => {
        copying = undefined;
      });
      return copying;
    },
  };
}

async function makeCopy({ store, dataDirectory, clock, log }: OperatorParts): Promise<Backup> {
  const made = await store.backup(backupFolder(dataDirectory), new Date(clock.wall()));
  log.info(made, 'copy of the queue made');
  return made;
}
