import { resolve } from 'node:path';
import { systemClock } from '../../clock.ts';
import { type Config, loadConfig } from '../../config.ts';
import { codeOf, ServiceError } from '../../errors.ts';
import type { SessionEnvironment } from '../../service/exchange-sessions.ts';
import { EXIT } from '../exit.ts';
import { checkCertificate } from './certificate.ts';
import { ClockWatch } from './clock.ts';
import { checkExchange } from './exchange.ts';
import { checkConfigFile, checkDataFolder, checkDisk } from './files.ts';
import { bad, type Finding, good, skipped } from './finding.ts';
import { checkNode, checkProgram } from './runtime.ts';
import { checkTrelica } from './trelica.ts';
import { checkWebhook } from './webhook.ts';

export interface CheckParts extends SessionEnvironment {
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Only what needs no network. */
  readonly offline: boolean;
  readonly publicUrl: string | undefined;
  /** Told before something that may take a while. */
  readonly waitingFor: (what: string) => void;
  readonly interrupted: AbortSignal;
}

/** Looks at the whole chain, one link after the other, and tells each as it is seen. */
export async function* runChecks(parts: CheckParts): AsyncGenerator<Finding, void> {
  yield checkNode();
  const loaded = load(parts);
  if (!('config' in loaded)) {
    yield* loaded.faults;
    yield skipped('Everything else', 'it can be looked at once the configuration is right');
    return;
  }
  const { config } = loaded;
  const file = resolve(parts.file);
  yield good('Configuration', `${file}, secrets included`);
  yield checkConfigFile(file);
  yield checkDataFolder(config.dataDirectory);
  yield checkDisk(config.dataDirectory);
  const program = checkProgram(config.powershell.command, parts.environment['PATH'] ?? '');
  yield program;
  const certificate = await checkCertificate(config, systemClock.wall());
  yield certificate;
  if (!parts.offline) {
    yield* checkFarEnds(config, parts, [program, certificate]);
  }
}

/** What the command's exit code says of the findings. */
export function exitOf(findings: readonly Finding[]): number {
  const isBad = findings.filter(({ state }) => state === 'bad');
  return isBad.some(({ what }) => what === CONFIGURATION)
    ? EXIT.configuration
    : isBad.length > 0
      ? EXIT.failed
      : EXIT.ok;
}

const CONFIGURATION = 'Configuration';

function load({ file, environment }: CheckParts): { config: Config } | { faults: Finding[] } {
  try {
    return { config: loadConfig({ file, environment }) };
  } catch (error) {
    if (!(error instanceof ServiceError)) {
      throw error;
    }
    const cure =
      codeOf(error) === 'config.unreadable'
        ? 'name the file with --config, or make one: exo-bridge init'
        : 'correct it there';
    return { faults: error.message.split('\n').map((line) => bad(CONFIGURATION, line, cure)) };
  }
}

async function* checkFarEnds(
  config: Config,
  parts: CheckParts,
  before: readonly Finding[],
): AsyncGenerator<Finding, void> {
  const obstacle = before.find(({ state }) => state === 'bad');
  if (obstacle === undefined) {
    parts.waitingFor('a session that signs in to Exchange');
    yield* checkExchange(config, parts, parts.interrupted);
  } else {
    yield skipped('Sign-in to Exchange', `${obstacle.what} must be right first`);
  }
  parts.waitingFor('Trelica');
  const watch = new ClockWatch(() => systemClock.wall(), parts.interrupted);
  yield* checkTrelica(config, { fetch: watch.fetch, now: () => systemClock.now() });
  yield watch.finding();
  const publicUrl = parts.publicUrl ?? config.publicUrl;
  if (publicUrl !== undefined) {
    parts.waitingFor(publicUrl);
    yield await checkWebhook(publicUrl);
  }
}
