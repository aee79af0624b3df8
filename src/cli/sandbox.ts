import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { styleText } from 'node:util';
import closeWithGrace from 'close-with-grace';
import type { Command } from 'commander';
import {
  type Installation,
  installFor,
  type Rehearsal,
  type RehearsalEngine,
  type RehearsalOptions,
  sessionSettings,
  startRehearsal,
} from '../sandbox/rehearsal.ts';
import { SIGNAL_TITLE } from '../sandbox/trelica/workflow.ts';
import { perform } from './act.ts';
import { count, url } from './arguments.ts';
import { chooseEngine } from './choose-engine.ts';
import { EXIT } from './exit.ts';
import { GROUP } from './groups.ts';

export function registerSandbox(program: Command): void {
  program
    .command('sandbox')
    .helpGroup(GROUP.rehearse)
    .description('run a simulated Trelica and a simulated Exchange tenant for a rehearsal')
    .option('--people <number>', 'people in the tenant', count, 200)
    .option('--groups <number>', 'groups in the tenant', count, 100)
    .option('--latency <ms>', 'how long every answer takes', count, 0)
    .option('--seed <number>', 'the same seed makes the same tenant', count, 1)
    .option('--webhook <url>', 'where the workflow calls the service', url)
    .option('--folder <path>', 'where to write a ready configuration; else a new temporary folder')
    .option('--json', 'print one JSON line also on a terminal; elsewhere it is printed anyway')
    .addHelpText('after', '\nExample:\n  exo-bridge sandbox --folder rehearsal')
    .action((options) =>
      perform(options, async () => {
        await sandbox({ ...options, engine: chooseEngine() });
        return EXIT.ok;
      }),
    );
}

export interface SandboxOptions extends RehearsalOptions {
  /** Where the workflow's API request step calls. */
  readonly webhook?: string;
  readonly folder?: string;
  readonly json?: boolean;
}

const SERVICE_PORT = 8080;

/**
 * Runs both far ends until it is interrupted. Prints one JSON line with their addresses and credentials, or to
 * a person what to do with them, and writes a configuration, an environment file and answers for `init` that
 * point a service at them.
 */
export async function sandbox(options: SandboxOptions): Promise<void> {
  const rehearsal = await startRehearsal(options);
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'exo-sandbox-'));
  mkdirSync(folder, { recursive: true });
  const port = options.webhook === undefined ? SERVICE_PORT : Number(new URL(options.webhook).port);
  const { configFile, secrets } = installFor(rehearsal, resolve(folder), port);
  const url = options.webhook ?? `http://127.0.0.1:${SERVICE_PORT}/webhooks/trelica`;
  const token = secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '';
  rehearsal.trelica.setWebhook({ url, token, body: 'ids' });
  const { trelica, tenant, certificate, engine } = rehearsal;
  const files = writeSecretFiles(folder, rehearsal, secrets);
  const told = {
    trelica: {
      baseUrl: trelica.baseUrl,
      clientId: trelica.clientId,
      clientSecret: trelica.clientSecret,
      workflow: trelica.workflow,
      startRun: `${trelica.baseUrl}/sandbox/runs`,
    },
    exchange: {
      url: tenant.url,
      organization: tenant.organization,
      appId: tenant.appId,
      certificateFile: files.certificate,
      certificatePassword: certificate.password,
      leaver: tenant.leaver,
      manager: tenant.manager,
    },
    engine: engine.name,
    webhook: { url, token },
    configFile,
    environmentFile: files.environment,
    answersFile: files.answers,
    start: `node --env-file=${files.environment} src/main.ts --config ${configFile}`,
  };
  console.log(process.stdout.isTTY && !options.json ? textOf(told) : JSON.stringify(told));
  closeWithGrace({ delay: 10_000, logger: false }, () => rehearsal.close());
}

interface Told {
  readonly trelica: { readonly workflow: { readonly name: string }; readonly startRun: string };
  readonly exchange: { readonly leaver: string };
  readonly engine: RehearsalEngine['name'];
  readonly answersFile: string;
}

/** The way of a real installation, with the far ends in the place of the real ones. */
function textOf({ trelica, exchange: { leaver }, engine, answersFile }: Told): string {
  const heading = (text: string) => styleText('bold', text, { stream: process.stdout });
  const session = engine === 'pwsh' ? 'a real pwsh' : 'a stand-in for pwsh';
  const run = JSON.stringify({ email: leaver });
  return `${heading('A simulated Trelica and a simulated tenant run here until Ctrl-C.')}
Nothing leaves this machine; the session will be ${session}. In another terminal, in the same folder:

  npx exo-bridge init --answers ${answersFile}
  npx exo-bridge check
  npx exo-bridge plan --workflow ${JSON.stringify(trelica.workflow.name)} --email ${JSON.stringify(leaver)}
  npx exo-bridge serve

${heading('While that serves, in a third: let somebody leave, and see what became of it.')}

  curl -H 'Content-Type: application/json' -d ${JSON.stringify(run)} ${trelica.startRun}
  npx exo-bridge jobs list`;
}

/** What a service needs to be started with, and what `exo-bridge init --answers` needs to write its own. */
function writeSecretFiles(folder: string, rehearsal: Rehearsal, secrets: Installation['secrets']) {
  const { trelica, tenant, certificate } = rehearsal;
  const write = (name: string, content: string | Buffer) => {
    const file = join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  };
  const pfx = write('certificate.pfx', certificate.pfx);
  const answers = {
    organization: tenant.organization,
    appId: tenant.appId,
    region: trelica.baseUrl,
    clientId: trelica.clientId,
    clientSecretFile: write('client-secret', trelica.clientSecret),
    webhookTokenFile: write('webhook-token', secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? ''),
    workflow: trelica.workflow.name,
    step: SIGNAL_TITLE,
    certificate: pfx,
    certificatePasswordFile: write('certificate-password', certificate.password),
    powershell: sessionSettings(rehearsal),
  };
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
  return {
    certificate: pfx,
    environment: write('exo-bridge.env', lines.join('')),
    answers: write('answers.json', JSON.stringify(answers, undefined, 2)),
  };
}
