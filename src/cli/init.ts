import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { secretFileName } from '../secrets.ts';
import { act } from './act.ts';
import { canAsk, isMeant } from './ask.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './failure.ts';
import { GROUP } from './groups.ts';
import type { AnswerName } from './init/answers.ts';
import { collectAnswers, collectSecrets, type Given } from './init/collect.ts';
import { install, type Made, secretsFolderFor } from './init/install.ts';
import { nextSteps, requestOf } from './init/next-steps.ts';

export function registerInit(program: Command): void {
  program
    .command('init')
    .helpGroup(GROUP.setUp)
    .description('ask a few questions and write a commented configuration with its secrets folder')
    .option(
      '--config <file>',
      'where to write it; the folder secrets is made beside it',
      'exo-bridge.yaml',
    )
    .option('--organization <name>', 'primary name of the tenant, contoso.onmicrosoft.com')
    .option('--app-id <id>', 'application (client) id of the Entra app')
    .option('--region <region>', 'us, eu, or the address of your Trelica')
    .option('--client-id <id>', 'of the API app in Trelica')
    .option('--client-secret-file <file>', 'holds its secret; asked for, hidden, if left out')
    .option('--workflow <name>', 'name or id of the workflow')
    .option('--step <title>', 'title of its Signal step')
    .option('--action <name>', 'action of the step that means success')
    .option('--operations <names>', 'what to do, with commas between the names')
    .option('--certificate <file>', 'the PFX; without one, exo-bridge cert create makes one')
    .option('--certificate-password-file <file>', 'holds the password of the PFX')
    .option('--public-url <url>', 'where the workflow reaches the service')
    .option(
      '--answers <file>',
      'JSON with answers by the names of these options: appId, clientId, …',
    )
    .option('--yes', 'ask nothing: take what is usual for what was not answered')
    .option('--force', 'replace a configuration that is there, and keep a copy')
    .option('--show-token', 'print the webhook token even where no terminal is')
    .option('--json', 'print one JSON document instead of the text; asks nothing')
    .addHelpText(
      'after',
      '\nExample:\n  exo-bridge init --organization contoso.onmicrosoft.com --region eu --workflow "Person leaves"',
    )
    .action((options: InitOptions) => act(options, () => init(options)));
}

interface InitOptions extends Given {
  readonly config: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly showToken?: boolean;
  readonly json?: boolean;
}

async function init(options: InitOptions): Promise<number> {
  const isAsking = canAsk() && !options.yes && !options.json;
  const isReplacing = await mayReplace(options, isAsking);
  const answers = await collectAnswers(options, isAsking, {}, madeAlready(options));
  const secrets = await collectSecrets(answers, isAsking);
  const isTokenShown = options.showToken === true || (process.stdout.isTTY && !options.json);
  const made = install({ configFile: options.config, answers, secrets, isReplacing, isTokenShown });
  console.log(options.json ? JSON.stringify(documentOf(made), undefined, 2) : textOf(made));
  return EXIT.ok;
}

/** What `cert create --secrets` has put there is found by its name: nobody needs to name it. */
function madeAlready({ config }: InitOptions): readonly AnswerName[] {
  const file = secretFileName('EXO_BRIDGE_CERTIFICATE');
  return existsSync(join(secretsFolderFor(config), file)) ? ['certificate'] : [];
}

/** Asked before the questions, so that nobody answers them for nothing. */
async function mayReplace({ config, force }: InitOptions, isAsking: boolean): Promise<boolean> {
  if (force || !existsSync(config)) {
    return force === true;
  }
  if (isAsking && (await isMeant(`${config} is there already. Replace it, and keep a copy?`))) {
    return true;
  }
  throw new Refusal(`${config} is there already`, 'say --force to replace it and keep a copy');
}

function textOf(made: Made): string {
  const files = [made.config, ...made.secrets].map(({ file, what, copy }) =>
    copy === undefined
      ? `  ${what.padEnd(8)} ${file}`
      : `  ${what.padEnd(8)} ${file}; before: ${copy}`,
  );
  const steps = nextSteps(made).map((step, index) => `${index + 1}. ${step}`);
  return [...files, '', 'What is left to do:', ...steps].join('\n');
}

function documentOf(made: Made): object {
  const { config, secrets } = made;
  return { config, secrets, webhook: requestOf(made), nextSteps: nextSteps(made) };
}
