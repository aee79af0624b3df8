import type { Command } from 'commander';
import { registerJobsList } from './jobs-list.ts';
import { registerJobsShow } from './jobs-show.ts';
import { registerJobsVerbs } from './jobs-verb.ts';
import { registerJobsWatch } from './jobs-watch.ts';

/** `exo-bridge jobs …`: asks the running service about its jobs, and for something to be done with one. */
export function registerJobs(program: Command): void {
  const jobs = program.command('jobs').description('see what became of leavers, and act on it');
  registerJobsList(jobs);
  registerJobsShow(jobs);
  registerJobsVerbs(jobs);
  registerJobsWatch(jobs);
}
