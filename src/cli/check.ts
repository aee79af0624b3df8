import { styleText } from 'node:util';
import type { Command } from 'commander';
import { pino } from 'pino';
import { environment } from '../config.ts';
import { act } from './act.ts';
import { url } from './arguments.ts';
import type { Finding } from './check/finding.ts';
import { exitOf, runChecks } from './check/run-checks.ts';
import { GROUP } from './groups.ts';
import { Progress } from './progress.ts';

export function registerCheck(program: Command): void {
  program
    .command('check')
    .helpGroup(GROUP.setUp)
    .description(
      'look at everything from the configuration to the last permission, each fault with its cure',
    )
    .option('--config <file>', 'configuration of the service', 'exo-bridge.yaml')
    .option('--offline', 'only what needs no network')
    .option('--public-url <url>', 'where the workflow reaches the service; else publicUrl', url)
    .option('--json', 'print one JSON document instead of the list')
    .addHelpText('after', '\nExample:\n  exo-bridge check --public-url https://leavers.example.org')
    .action((options: CheckOptions) => act(options, (interrupted) => check(options, interrupted)));
}

interface CheckOptions {
  readonly config: string;
  readonly offline?: boolean;
  readonly publicUrl?: string;
  readonly json?: boolean;
}

/** Prints the list as it grows. Returns the exit code: 1 if anything is bad, 78 if it is the configuration. */
async function check(options: CheckOptions, interrupted: AbortSignal): Promise<number> {
  const progress = new Progress(process.stderr);
  const findings: Finding[] = [];
  const checks = runChecks({
    file: options.config,
    environment: environment(),
    offline: options.offline === true,
    publicUrl: options.publicUrl,
    // What a session or a client says by the way is in the findings already.
    log: pino({ level: 'silent' }),
    waitingFor: (what) => progress.show(what),
    interrupted,
  });
  for await (const finding of checks) {
    interrupted.throwIfAborted();
    findings.push(finding);
    progress.clear();
    if (!options.json) {
      console.log(lineOf(finding));
    }
  }
  const exit = exitOf(findings);
  console.log(
    options.json ? JSON.stringify({ ok: exit === 0, findings }, undefined, 2) : sumOf(findings),
  );
  return exit;
}

const MARKS = {
  good: styleText('green', '✓', { stream: process.stdout }),
  warning: styleText('yellow', '!', { stream: process.stdout }),
  bad: styleText('red', '✗', { stream: process.stdout }),
  skipped: '–',
} as const satisfies Record<Finding['state'], string>;

function lineOf({ state, what, detail, cure }: Finding): string {
  const line = `${MARKS[state]} ${what}: ${detail}`;
  return cure === undefined ? line : `${line}\n    → ${cure}`;
}

function sumOf(findings: readonly Finding[]): string {
  const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length;
  const warnings = count('warning') === 0 ? '' : `, ${count('warning')} to look at`;
  return count('bad') === 0
    ? `\nNothing is wrong${warnings}.`
    : `\n${count('bad')} wrong${warnings}.`;
}
