#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { ServiceError } from '../errors.ts';
import { type EmailAddress, parseAddress } from '../offboarding/address.ts';
import { chooseEngine } from './choose-engine.ts';
import { demo } from './demo.ts';
import { plan } from './plan.ts';
import { poll } from './poll.ts';
import { sandbox } from './sandbox.ts';
import { undo } from './undo.ts';

/** sysexits.h: the configuration is wrong. */
const EXIT_CONFIGURATION = 78;

/** The command line: one file per command; this one only reads the words. */
const program = new Command('exo-bridge')
  .description('Exchange Online work for a Trelica workflow when a person leaves.')
  .showHelpAfterError();

program
  .command('demo')
  .description('take one leaver from the webhook to the completed Signal step, without any account')
  .option('--json', 'print one JSON document at the end instead of the story')
  .option('--keep', 'leave everything running afterwards and print the addresses')
  .option('--people <number>', 'people in the simulated tenant', count, 200)
  .option('--groups <number>', 'groups in the simulated tenant', count, 100)
  .option('--latency <ms>', 'how long every simulated answer takes', count, 0)
  .option('--seed <number>', 'the same seed makes the same tenant', count, 1)
  .action(async (options) => {
    process.exitCode = await demo({ ...options, engine: chooseEngine() });
  });

program
  .command('sandbox')
  .description('run a simulated Trelica and a simulated Exchange tenant for a rehearsal')
  .option('--people <number>', 'people in the tenant', count, 200)
  .option('--groups <number>', 'groups in the tenant', count, 100)
  .option('--latency <ms>', 'how long every answer takes', count, 0)
  .option('--seed <number>', 'the same seed makes the same tenant', count, 1)
  .option('--webhook <url>', 'where the workflow calls the service', url)
  .option(
    '--folder <path>',
    'where to write a ready configuration; default: a new temporary folder',
  )
  .action(async (options) => {
    await sandbox({ ...options, engine: chooseEngine() });
  });

program
  .command('plan')
  .description('show what would be done for a leaver; reads only, changes and signals nothing')
  .requiredOption('--workflow <name>', 'name or id of the workflow, as configured')
  .requiredOption('--email <address>', 'address of the person who leaves', address)
  .option('--step <title>', 'title of the step, where several of the workflow are configured')
  .option('--manager <address>', 'line manager, instead of the one the waiting run names', address)
  .option('--config <file>', 'configuration of the service', 'exo-bridge.yaml')
  .option('--json', 'print one JSON document instead of the text')
  .action(async (options) => {
    process.exitCode = await telling(() => plan(options));
  });

program
  .command('poll')
  .description('look once for runs that wait, for those who keep a scheduler')
  .option('--url <address>', 'where the service listens', url, 'http://127.0.0.1:8080')
  .option('--standalone', 'work without a running service: look, do what waits, and end')
  .option('--config <file>', 'configuration, with --standalone', 'exo-bridge.yaml')
  .option('--minutes <number>', 'end by then, with --standalone', count, 50)
  .option('--json', 'print one JSON document instead of the text')
  .action(async (options) => {
    process.exitCode = await telling(() => poll(options));
  });

program
  .command('undo')
  .description('take back what a job has changed, as far as that is possible')
  .argument('<job>', 'id of the job')
  .option('--url <address>', 'where the service listens', url, 'http://127.0.0.1:8080')
  .option('--yes', 'do not ask')
  .action(async (job, options) => {
    process.exitCode = await telling(() => undo(job, options));
  });

function address(text: string): EmailAddress {
  const parsed = parseAddress(text);
  if (parsed === undefined) {
    throw new InvalidArgumentError('One plain e-mail address is expected.');
  }
  return parsed;
}

/** Failures we can name are told in a sentence; others keep their stack. */
async function telling(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof ServiceError)) {
      throw error;
    }
    console.error(`${error.message} (${error.code})`);
    return error.code.startsWith('config.') ? EXIT_CONFIGURATION : 1;
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('A whole number is expected.');
  }
  return value;
}

function url(text: string): string {
  const parsed = URL.parse(text);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new InvalidArgumentError('An http or https address is expected.');
  }
  return parsed.href;
}

await program.parseAsync();
