import type { Command } from 'commander';
import { destination } from 'pino';
import { environment, loadConfig, loadPollToken } from '../config.ts';
import type { Job } from '../jobs/store.ts';
import { createLog } from '../log.ts';
import type { SweepReport } from '../offboarding/ports.ts';
import { workOnce } from '../service/work-once.ts';
import { act } from './act.ts';
import { count } from './arguments.ts';
import { askingService, granted, type ServiceOptions, serviceUrl } from './granted.ts';
import { GROUP } from './groups.ts';
import { Operator } from './operator.ts';

export function registerPoll(program: Command): void {
  askingService(program.command('poll'))
    .helpGroup(GROUP.run)
    .description('look once for runs that wait, for those who keep a scheduler')
    .option('--standalone', 'work without a running service: look, do what waits, and end')
    .option('--minutes <number>', 'end by then, with --standalone', count, 50)
    .addHelpText('after', '\nExample:\n  exo-bridge poll --standalone --config exo-bridge.yaml')
    .action((options) => act(options, (interrupted) => poll(options, interrupted)));
}

export interface PollOptions extends ServiceOptions {
  /** Works without a running service. */
  readonly standalone?: boolean;
  readonly minutes: number;
}

/** What waits for longer than this is left for the next time: a scheduler will come again. */
const WAIT_MS = 60_000;

/**
 * Looks for waiting runs, once. Returns the exit code: 1 if a workflow could not be swept or, standalone, if a
 * job needs a person or is not done yet.
 */
export async function poll(options: PollOptions, interrupted: AbortSignal): Promise<number> {
  const { swept, open } = options.standalone
    ? await standalone(options, interrupted)
    : await ask(options);
  console.log(
    options.json
      ? JSON.stringify({ ...swept, open: open.map(shown) }, undefined, 2)
      : [...swept.workflows.map(sweepLine), ...open.map(jobLine)].join('\n'),
  );
  const isSwept = swept.workflows.every(({ error }) => error === undefined);
  return isSwept && open.length === 0 ? 0 : 1;
}

interface Polled {
  readonly swept: SweepReport;
  readonly open: readonly Job[];
}

async function ask(options: PollOptions): Promise<Polled> {
  const token = loadPollToken({ file: options.config, environment: environment() });
  const operator = new Operator(serviceUrl(options), token);
  const swept = await granted(operator.post('/poll', {}));
  return { swept: swept as unknown as SweepReport, open: [] };
}

async function standalone(
  { config: file, minutes }: PollOptions,
  interrupted: AbortSignal,
): Promise<Polled> {
  const variables = environment();
  const config = loadConfig({ file, environment: variables });
  const { personalData } = config.log;
  const log = createLog({ level: 'warn', personalData }, destination({ dest: 2, sync: true }));
  const terminated = new AbortController();
  // What was begun is ended in order; the next round goes on from there.
  process.once('SIGTERM', () => terminated.abort());
  const signal = AbortSignal.any([interrupted, terminated.signal]);
  return workOnce(
    config,
    { environment: variables, log },
    { waitMs: WAIT_MS, withinMs: minutes * 60_000, signal },
  );
}

function sweepLine({
  workflow,
  waiting,
  accepted,
  known,
  error,
}: SweepReport['workflows'][number]) {
  const counts = `${workflow}: ${waiting} waiting, ${accepted} new, ${known} known`;
  return error === undefined ? counts : `${counts}; ${error.message} (${error.code})`;
}

function shown({ id, state, reason, lock }: Job) {
  return { id, state, person: lock, reason };
}

function jobLine({ id, state, reason, lock = 'somebody' }: Job): string {
  const why = reason === undefined ? '' : `: ${reason.message} (${reason.code})`;
  return `${state}: ${lock}, job ${id}${why}`;
}
