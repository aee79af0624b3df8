import type { Command } from 'commander';
import { GROUP } from './groups.ts';
import { registerJobsList } from './jobs-list.ts';
import { registerJobsShow } from './jobs-show.ts';
import { registerJobsVerbs } from './jobs-verb.ts';
import { registerJobsWatch } from './jobs-watch.ts';

/** `exo-bridge jobs …`: asks the running service about its jobs, and for something to be done with one. */
export function registerJobs(program: Command): void {
  const jobs = program
    .command('jobs')
    .helpGroup(GROUP.lookAfter)
    .description('see what became of leavers, and act on it')
    .addHelpText('after', '\nExample:\n  exo-bridge jobs list --state needs-attention');
  registerJobsList(jobs);
  registerJobsShow(jobs);
  registerJobsVerbs(jobs);
  registerJobsWatch(jobs);
}
