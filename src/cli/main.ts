#!/usr/bin/env node
import { Command } from 'commander';
import { act } from './act.ts';
import { address, count, url } from './arguments.ts';
import { registerBackup } from './backup.ts';
import { chooseEngine } from './choose-engine.ts';
import { demo } from './demo.ts';
import { registerJobs } from './jobs.ts';
import { registerPause } from './pause.ts';
import { plan } from './plan.ts';
import { poll } from './poll.ts';
import { sandbox } from './sandbox.ts';
import { undo } from './undo.ts';

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
  .action((options) => act(options, () => plan(options)));

program
  .command('poll')
  .description('look once for runs that wait, for those who keep a scheduler')
  .option('--url <address>', 'where the service listens', url, 'http://127.0.0.1:8080')
  .option('--standalone', 'work without a running service: look, do what waits, and end')
  .option('--config <file>', 'configuration, with --standalone', 'exo-bridge.yaml')
  .option('--minutes <number>', 'end by then, with --standalone', count, 50)
  .option('--json', 'print one JSON document instead of the text')
  .action((options) => act(options, () => poll(options)));

program
  .command('undo')
  .description('take back what a job has changed, as far as that is possible')
  .argument('<job>', 'id of the job')
  .option('--url <address>', 'where the service listens', url, 'http://127.0.0.1:8080')
  .option('--yes', 'do not ask')
  .action((job, options) => act({}, () => undo(job, options)));

registerJobs(program);
registerPause(program);
registerBackup(program);

await program.parseAsync();
