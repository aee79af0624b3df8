import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { environment, loadConfig } from './config.ts';
import { codeOf, ServiceError } from './errors.ts';
import { createLog } from './log.ts';
import { startService } from './service/service.ts';

/** sysexits.h: the command line is wrong. */
const EXIT_USAGE = 64;
/** sysexits.h: the configuration is wrong; no restart will help. */
const EXIT_CONFIGURATION = 78;
/** Beyond the grace for running commands and the kill ladder of a session. */
const LAST_EXIT_AFTER_MS = 60_000;

try {
  await serve();
} catch (error) {
  process.exitCode = complain(error);
}

async function serve(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string', short: 'c' } } });
  const variables = environment();
  const config = loadConfig({
    file: values.config ?? 'exo-bridge.yaml',
    environment: variables,
  });
  const log = createLog({ level: config.logLevel });
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
}

/** What keeps the service from starting, for a person: every fault on its line, no stack. */
function complain(error: unknown): number {
  if (
    error instanceof TypeError &&
    'code' in error &&
    String(error.code).startsWith('ERR_PARSE_ARGS')
  ) {
    process.stderr.write(`${error.message}\nusage: npm start -- [--config exo-bridge.yaml]\n`);
    return EXIT_USAGE;
  }
  const lines = error instanceof Error ? error.message : String(error);
  process.stderr.write(`exo-bridge cannot start (${codeOf(error)})\n${lines}\n`);
  if (!(error instanceof ServiceError)) {
    process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
  }
  return codeOf(error).startsWith('config.') ? EXIT_CONFIGURATION : 1;
}
