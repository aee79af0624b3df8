import type { Command } from 'commander';
import { act } from './act.ts';
import { askingService, granted, operatorAt, type ServiceOptions } from './granted.ts';

export function registerJobsShow(jobs: Command): void {
  askingService(jobs.command('show'))
    .description('show one job: what was planned, changed and seen, and what happened to it')
    .argument('<job>', 'id of the job')
    .addHelpText('after', '\nExample:\n  exo-bridge jobs show 0b8f6a6e-6d0c-4a58-8a53-1f6f0a3f2f0e')
    .action((job, options) => act(options, () => showJob(job, options)));
}

/** Prints the report, or with `json` everything the service tells; returns the exit code. */
export async function showJob(id: string, options: ServiceOptions): Promise<number> {
  const operator = operatorAt(options);
  const path = `/jobs/${encodeURIComponent(id)}`;
  const job = await granted(operator.get(path));
  console.log(
    options.json
      ? JSON.stringify(job, undefined, 2)
      : (await operator.text(`${path}/report`)).trimEnd(),
  );
  return 0;
}
