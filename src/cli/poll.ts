import { destination, pino } from 'pino';
import { environment, loadConfig } from '../config.ts';
import type { Job } from '../jobs/store.ts';
import type { SweepReport } from '../offboarding/ports.ts';
import { readPollToken } from '../secrets.ts';
import { workOnce } from '../service/work-once.ts';
import { granted } from './granted.ts';
import { Operator } from './operator.ts';

export interface PollOptions {
  readonly url: string;
  /** Works without a running service. */
  readonly standalone?: boolean;
  readonly config: string;
  readonly minutes: number;
  readonly json?: boolean;
}

/** What waits for longer than this is left for the next time: a scheduler will come again. */
const WAIT_MS = 60_000;

/**
 * Looks for waiting runs, once. Returns the exit code: 1 if a workflow could not be swept or, standalone, if a
 * job needs a person or is not done yet.
 */
export async function poll(options: PollOptions): Promise<number> {
  const { swept, open } = options.standalone ? await standalone(options) : await ask(options);
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

async function ask({ url }: PollOptions): Promise<Polled> {
  const operator = new Operator(url.replace(/\/$/, ''), readPollToken(environment()));
  const swept = await granted(operator.post('/poll', {}));
  return { swept: swept as unknown as SweepReport, open: [] };
}

async function standalone({ config: file, minutes }: PollOptions): Promise<Polled> {
  const variables = environment();
  const config = loadConfig({ file, environment: variables });
  const log = pino({ level: 'warn' }, destination({ dest: 2, sync: true }));
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  // What was begun is ended in order; the next round goes on from there.
  process.once('SIGTERM', interrupt).once('SIGINT', interrupt);
  return workOnce(
    config,
    { environment: variables, log },
    { waitMs: WAIT_MS, withinMs: minutes * 60_000, signal: interrupted.signal },
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
