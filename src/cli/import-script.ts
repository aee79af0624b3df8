import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { act } from './act.ts';
import { canAsk } from './ask.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './failure.ts';
import { readGivenFile } from './given-file.ts';
import { GROUP } from './groups.ts';
import {
  differencesOf,
  notCarriedOver,
  operationsOf,
  settingsOf,
} from './import-script/differences.ts';
import { readScript, type Script } from './import-script/read-script.ts';
import { type AnswerName, QUESTIONS } from './init/answers.ts';
import { collectAnswers, collectSecrets, type Given } from './init/collect.ts';
import { install, type Made } from './init/install.ts';
import { nextSteps } from './init/next-steps.ts';

export function registerImportScript(program: Command): void {
  program
    .command('import-script')
    .helpGroup(GROUP.setUp)
    .description(
      'write the configuration that does what an EXOWorkflowSync.ps1 did, and say what changes',
    )
    .argument('<path>', 'the script; it is read, never run')
    .option(
      '--config <file>',
      'where to write it; the folder secrets is made beside it',
      'exo-bridge.yaml',
    )
    .option('--organization <name>', 'instead of $ORG')
    .option('--workflow <name>', 'instead of $DEPROVISIONING_WORKFLOW_LIST')
    .option('--step <title>', 'instead of $STEP_NAME')
    .option('--action <name>', 'instead of $ACTION_NAME')
    .option('--operations <names>', 'instead of what the script was seen to do')
    .option('--app-id <id>', 'instead of $APPID')
    .option('--region <region>', 'us, eu, or the address of your Trelica')
    .option('--client-id <id>', 'of the API app in Trelica: the script does not hold it')
    .option('--client-secret-file <file>', 'holds its secret; asked for, hidden, if left out')
    .option('--certificate <file>', 'the PFX, instead of $CERT_PATH')
    .option('--certificate-password-file <file>', 'holds the password of the PFX')
    .option('--public-url <url>', 'where the workflow reaches the service')
    .option('--yes', 'ask nothing: take what is usual for what was not answered')
    .option('--force', 'replace a configuration that is there, and keep a copy')
    .option('--json', 'print one JSON document instead of the text; asks nothing')
    .addHelpText(
      'after',
      '\nExample:\n  exo-bridge import-script EXOWorkflowSync.ps1 --client-id 0123456789abcdef',
    )
    .action((path: string, options: ImportOptions) =>
      act(options, () => importScript(path, options)),
    );
}

interface ImportOptions extends Given {
  readonly config: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

const VARIABLES = [
  'ORG',
  'APPID',
  'CERT_PATH',
  'DEPROVISIONING_WORKFLOW_LIST',
  'STEP_NAME',
  'ACTION_NAME',
  'DRY_RUN',
  'DEBUG',
];

async function importScript(path: string, options: ImportOptions): Promise<number> {
  const script = readScript(readGivenFile(path).toString(), VARIABLES);
  const isAsking = canAsk() && !options.yes && !options.json;
  const known = knownFrom(script);
  assertComplete({ ...known, ...options }, isAsking);
  const answers = await collectAnswers(options, isAsking, known);
  const secrets = await collectSecrets(answers, isAsking);
  const isReplacing = options.force === true;
  const made = install({
    configFile: options.config,
    answers,
    secrets,
    isReplacing,
    isTokenShown: false,
  });
  const told = tellingOf(script, made);
  console.log(options.json ? JSON.stringify(told, undefined, 2) : textOf(told));
  return EXIT.ok;
}

/** What is usual elsewhere must not stand in for what the script did. */
function assertComplete(known: Partial<Record<AnswerName, unknown>>, isAsking: boolean): void {
  const names = ['workflow', 'step', 'action', 'operations'] as const;
  const gaps = names.filter(
    (name) =>
      known[name] === undefined && !(isAsking && QUESTIONS.some((one) => one.name === name)),
  );
  if (gaps.length > 0) {
    const options = gaps.map((name) => `--${name}`).join(', ');
    throw new Refusal(`the script does not tell ${gaps.join(', ')}`, `give ${options}`, EXIT.usage);
  }
}

/** What the script says of the answers; what it does not say is left out. */
function knownFrom(script: Script): NonNullable<Parameters<typeof collectAnswers>[2]> {
  const { values } = script;
  const text = (name: string) => {
    const value = values.get(name);
    return typeof value === 'string' && !isPlaceholder(value) ? value : undefined;
  };
  const workflows = values.get('DEPROVISIONING_WORKFLOW_LIST');
  const operations = operationsOf(script);
  const certificate = text('CERT_PATH') ?? '';
  const known = {
    organization: text('ORG'),
    appId: text('APPID'),
    workflow: typeof workflows === 'boolean' ? undefined : [workflows ?? []].flat(),
    step: text('STEP_NAME'),
    action: text('ACTION_NAME'),
    operations: operations.length === 0 ? undefined : [...operations],
    certificate: existsSync(certificate) ? certificate : undefined,
  };
  const found = Object.entries(known).filter(([, value]) => value?.length);
  return { ...Object.fromEntries(found), operationSettings: settingsOf(script) };
}

/** The sample as it is published: `xxxxx.onmicrosoft.com`. */
function isPlaceholder(text: string): boolean {
  return /xxxx/i.test(text);
}

interface Telling {
  readonly config: string;
  readonly secrets: Made['secrets'];
  readonly read: Readonly<Record<string, unknown>>;
  readonly notRead: readonly string[];
  readonly changes: ReturnType<typeof differencesOf>;
  readonly nextSteps: readonly string[];
}

function tellingOf(script: Script, made: Made): Telling {
  const lost = notCarriedOver(script);
  const missing = VARIABLES.filter(
    (name) => !script.values.has(name) && !script.unread.some((one) => one.name === name),
  );
  return {
    config: made.config.file,
    secrets: made.secrets,
    read: Object.fromEntries(script.values),
    notRead: [
      ...script.unread.map(
        ({ name, line, text }) => `$${name}, line ${line}, is an expression: ${text.trim()}`,
      ),
      ...missing.map((name) => `$${name} is not assigned in the script`),
      ...lost.map(
        (cmdlet) =>
          `${cmdlet} is called, and no operation was switched on for it: docs/operations.md`,
      ),
    ],
    changes: differencesOf(script),
    nextSteps: nextSteps(made),
  };
}

function textOf({ config, read, notRead, changes, nextSteps: steps }: Telling): string {
  return [
    `Written: ${config}`,
    section(
      'Read from the script',
      Object.entries(read).map(([name, value]) => `$${name}: ${[value].flat().join(', ')}`),
    ),
    section('Not read: look at these yourself', notRead),
    section(
      'What changes',
      changes.map(({ script, service }) => `the script ${script}\n  → the service ${service}`),
    ),
    section('What is left to do', steps),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `- ${line}`)].join('\n');
}
