import { type Command, Option } from 'commander';
import { JOB_STATES } from '../jobs/states.ts';
import type { EmailAddress } from '../offboarding/address.ts';
import { act } from './act.ts';
import { address, count } from './arguments.ts';
import { askingService, granted, operatorAt, type ServiceOptions } from './granted.ts';
import { jobsTable, type ListedJob } from './jobs-table.ts';
import type { Operator } from './operator.ts';

export interface JobsFilter {
  readonly state?: string;
  readonly person?: EmailAddress;
  /** From 1 to 200. */
  readonly limit: number;
}

export function registerJobsList(jobs: Command): void {
  filtering(askingService(jobs.command('list')))
    .description('list jobs, newest first, as a table')
    .addHelpText('after', '\nExample:\n  exo-bridge jobs list --state needs-attention')
    .action((options) => act(options, () => listJobs(options)));
}

/** The options that say which jobs are meant. */
export function filtering(command: Command): Command {
  return command
    .addOption(new Option('--state <state>', 'only jobs in this state').choices(JOB_STATES))
    .option('--person <address>', 'only jobs about this person', address)
    .option('--limit <number>', 'so many at most, up to 200', count, 50);
}

/** Prints the jobs; returns the exit code. */
export async function listJobs(options: JobsFilter & ServiceOptions): Promise<number> {
  const jobs = await findJobs(operatorAt(options), options);
  console.log(
    options.json
      ? JSON.stringify({ jobs }, undefined, 2)
      : jobs.length === 0
        ? 'no such jobs'
        : jobsTable(jobs, Date.now()).join('\n'),
  );
  return 0;
}

export async function findJobs(
  operator: Operator,
  { state, person, limit }: JobsFilter,
): Promise<readonly ListedJob[]> {
  const query = new URLSearchParams({
    limit: String(limit),
    ...(state === undefined ? {} : { state }),
    ...(person === undefined ? {} : { person }),
  });
  const { jobs } = await granted(operator.get(`/jobs?${query}`));
  return jobs as readonly ListedJob[];
}
