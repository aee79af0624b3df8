#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { chooseEngine } from './choose-engine.ts';
import { demo } from './demo.ts';
import { sandbox } from './sandbox.ts';

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
