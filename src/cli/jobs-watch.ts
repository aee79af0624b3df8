import type { Command } from 'commander';
import { pause, systemClock } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { act } from './act.ts';
import { askingService, operatorAt, type ServiceOptions } from './granted.ts';
import { filtering, findJobs, type JobsFilter } from './jobs-list.ts';
import { jobLine, jobsTable, type ListedJob } from './jobs-table.ts';

const LOOK_AGAIN_MS = 2_000;
/** Cursor home, and everything behind it erased: ECMA-48 CUP and ED. */
const CLEAR = '\u001b[H\u001b[J';
/** Lines of a terminal that are not jobs. */
const FRAME_LINES = 4;

export function registerJobsWatch(jobs: Command): void {
  filtering(askingService(jobs.command('watch')))
    .description('watch jobs until Ctrl-C: a live table on a terminal, else a line for each change')
    .addHelpText('after', '\nExample:\n  exo-bridge jobs watch --state held')
    .action((options) => act(options, (interrupted) => watchJobs(options, interrupted)));
}

/** Looks until interrupted; a service that does not answer is asked again. Returns the exit code. */
export async function watchJobs(
  options: JobsFilter & ServiceOptions,
  interrupted: AbortSignal,
): Promise<number> {
  const operator = operatorAt(options);
  const isLive = process.stdout.isTTY === true && options.json !== true;
  const show = isLive ? redraw : printChanges(options.json === true);
  while (!interrupted.aborted) {
    show(await findJobs(operator, options).catch(silence));
    await pause(systemClock, LOOK_AGAIN_MS, interrupted).catch(() => undefined);
  }
  return 0;
}

/** Undefined while nobody answers; a refusal is thrown. */
function silence(error: unknown): undefined {
  if (!(error instanceof ServiceError && error.code === 'http.unavailable')) {
    throw error;
  }
}

function redraw(jobs: readonly ListedJob[] | undefined): void {
  const { rows, columns } = process.stdout;
  const now = Date.now();
  const lines = jobs === undefined ? ['the service does not answer'] : jobsTable(jobs, now);
  const shown = lines
    .slice(0, Math.max(1, rows - FRAME_LINES))
    .map((line) => line.slice(0, columns));
  const head = `exo-bridge jobs, ${new Date(now).toISOString()}, Ctrl-C ends`.slice(0, columns);
  process.stdout.write(`${CLEAR}${head}\n\n${shown.join('\n')}\n`);
}

/** Prints each job when it is new or has changed since the last look. */
function printChanges(isJson: boolean): (jobs: readonly ListedJob[] | undefined) => void {
  let known = new Map<string, string>();
  return (jobs) => {
    if (jobs === undefined) {
      return;
    }
    for (const job of jobs.toReversed()) {
      if (known.get(job.id) !== versionOf(job)) {
        console.log(isJson ? JSON.stringify(job) : jobLine(job));
      }
    }
    known = new Map(jobs.map((job) => [job.id, versionOf(job)]));
  };
}

function versionOf({ state, updatedAt }: ListedJob): string {
  return `${state} ${updatedAt}`;
}
