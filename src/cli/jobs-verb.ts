import type { Command } from 'commander';
import { act } from './act.ts';
import { askingService, granted, operatorAt, type ServiceOptions } from './granted.ts';
import type { ListedJob } from './jobs-table.ts';

const VERBS = {
  retry: 'try a job again that needs attention or was cancelled',
  approve: 'let a held job pass the brakes',
  cancel: 'end a job; a running one ends as soon as what it changed was read back',
} as const;
type Verb = keyof typeof VERBS;

export function registerJobsVerbs(jobs: Command): void {
  for (const verb of Object.keys(VERBS) as Verb[]) {
    askingService(jobs.command(verb))
      .description(VERBS[verb])
      .argument('<job>', 'id of the job')
      .addHelpText(
        'after',
        `\nExample:\n  exo-bridge jobs ${verb} 0b8f6a6e-6d0c-4a58-8a53-1f6f0a3f2f0e`,
      )
      .action((job, options) => act(options, () => askForJob(verb, job, options)));
  }
}

/** Asks the service and prints what the job is then; returns the exit code. */
export async function askForJob(verb: Verb, id: string, options: ServiceOptions): Promise<number> {
  const path = `/jobs/${encodeURIComponent(id)}/${verb}`;
  const answer = await granted(operatorAt(options).post(path, {}));
  const { state, cancelAsked } = answer as unknown as ListedJob;
  const text = `Job ${id} is ${state}${cancelAsked ? ', and ends at the next safe point' : ''}.`;
  console.log(options.json ? JSON.stringify(answer, undefined, 2) : text);
  return 0;
}
