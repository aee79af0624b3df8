import { join } from 'node:path';
import type { Command } from 'commander';
import { type ConfigSources, environment, loadConfig } from '../config.ts';
import { codeOf } from '../errors.ts';
import { copyClosedQueue } from '../jobs/backup.ts';
import { backupFolder } from '../jobs/backup-files.ts';
import { act } from './act.ts';
import { askingService, granted, operatorAt, type ServiceOptions } from './granted.ts';
import { GROUP } from './groups.ts';

export function registerBackup(program: Command): void {
  askingService(program.command('backup'))
    .helpGroup(GROUP.lookAfter)
    .description('write a checked copy of the queue into backups/ of its data directory')
    .addHelpText('after', '\nExample:\n  exo-bridge backup')
    .action((options) => act(options, () => backup(options)));
}

/** Lets the running service make the copy, or makes it if none answers; returns the exit code. */
export async function backup(options: ServiceOptions): Promise<number> {
  // Reading a secret takes it away, and the configuration may want the same one again.
  const variables = { ...environment() };
  const made = await granted(operatorAt(options).post('/backup', {})).catch((error: unknown) => {
    if (codeOf(error) !== 'http.unavailable') {
      throw error;
    }
    return copyDirectly({ file: options.config, environment: variables });
  });
  const { file, bytes } = made;
  console.log(
    options.json ? JSON.stringify({ file, bytes }) : `${String(file)}, ${String(bytes)} bytes`,
  );
  return 0;
}

/** A service that runs all the same has the queue locked: this fails then, and says so. */
async function copyDirectly(sources: ConfigSources): Promise<Readonly<Record<string, unknown>>> {
  const { dataDirectory } = loadConfig(sources);
  const folder = backupFolder(dataDirectory);
  return { ...(await copyClosedQueue(join(dataDirectory, 'jobs.db'), folder, new Date())) };
}
