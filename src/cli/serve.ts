import closeWithGrace from 'close-with-grace';
import type { Command } from 'commander';
import { environment, loadConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { startService } from '../service/service.ts';
import { perform } from './act.ts';
import { EXIT } from './exit.ts';
import { GROUP } from './groups.ts';

export function registerServe(program: Command): void {
  program
    .command('serve')
    .helpGroup(GROUP.run)
    .description('run the service until it is stopped; npm start does the same')
    .option('-c, --config <file>', 'configuration of the service', 'exo-bridge.yaml')
    .option('--json', 'print a problem document if the service cannot start')
    .addHelpText('after', '\nExample:\n  exo-bridge serve --config /etc/exo-bridge/exo-bridge.yaml')
    .action((options: ServeOptions) => perform(options, () => serve(options)));
}

interface ServeOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** Beyond the grace for running commands and the kill ladder of a session. */
const LAST_EXIT_AFTER_MS = 60_000;

/** Returns once the service listens; it then runs until a signal comes, and the process ends with 0. */
async function serve({ config: file }: ServeOptions): Promise<number> {
  const variables = environment();
  const config = loadConfig({ file, environment: variables });
  const log = createLog({ level: config.logLevel, personalData: config.log.personalData });
  const service = await startService(config, { environment: variables, log });
  const delay = config.limits.stopGraceSeconds * 1_000 + LAST_EXIT_AFTER_MS;
  closeWithGrace({ delay, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) {
      log.fatal({ err }, 'uncaught failure');
    } else {
      log.info({ signal }, 'asked to stop');
    }
    await service.stop();
  });
  return EXIT.ok;
}
