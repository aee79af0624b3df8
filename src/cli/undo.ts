import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { ENDED } from '../jobs/states.ts';
import { undoable } from '../offboarding/undo.ts';
import { act } from './act.ts';
import { canAsk, isMeant } from './ask.ts';
import type { ShownJob } from './demo-story.ts';
import { Refusal } from './failure.ts';
import { askingService, granted, operatorAt, type ServiceOptions } from './granted.ts';
import { GROUP } from './groups.ts';
import type { Operator } from './operator.ts';

export function registerUndo(program: Command): void {
  askingService(program.command('undo'))
    .helpGroup(GROUP.lookAfter)
    .description('take back what a job has changed, as far as that is possible')
    .argument('<job>', 'id of the job')
    .option('--yes', 'do not ask; needed with --json')
    .addHelpText('after', '\nExample:\n  exo-bridge undo 0b8f6a6e-6d0c-4a58-8a53-1f6f0a3f2f0e')
    .action((job, options) => act(options, (interrupted) => undo(job, options, interrupted)));
}

export interface UndoOptions extends ServiceOptions {
  readonly yes?: boolean;
}

const LOOK_AGAIN_MS = 500;

/**
 * Shows what a job changed, asks, lets the running service take it back, and prints the report. Returns the
 * exit code: 0 only if everything that can be taken back was read back.
 */
export async function undo(
  jobId: string,
  options: UndoOptions,
  interrupted: AbortSignal,
): Promise<number> {
  const say = (text: string) => (options.json ? undefined : console.log(text));
  const operator = operatorAt(options);
  const path = `/jobs/${encodeURIComponent(jobId)}`;
  const job = (await granted(operator.get(path))) as unknown as ShownJob;
  say(summaryOf(job));
  if (!(await mayUndo(options))) {
    console.error('Nothing was changed.');
    return 1;
  }
  const { jobId: made } = await granted(operator.post(`${path}/undo`, {}));
  say(`\nUndone by job ${String(made)}`);
  const state = await endOf(String(made), operator, interrupted);
  console.log(
    options.json
      ? JSON.stringify(await operator.get(`/jobs/${String(made)}`), undefined, 2)
      : `\n${await operator.text(`/jobs/${String(made)}/report`)}`.trimEnd(),
  );
  return state === 'done' ? 0 : 1;
}

function summaryOf(job: ShownJob): string {
  const { reversible, irreversible } = undoable(job);
  return [
    `Job ${job.id}, ${job.person?.name ?? ''} <${job.person?.email ?? ''}>, ${job.state}`,
    'Would be taken back:',
    ...(reversible.length === 0 ? ['  nothing'] : reversible.map((sentence) => `  ${sentence}`)),
    ...(irreversible.length === 0 ? [] : ['Cannot be taken back:']),
    ...irreversible.map((sentence) => `  ${sentence}`),
  ].join('\n');
}

async function mayUndo({ yes, json }: UndoOptions): Promise<boolean> {
  if (yes) {
    return true;
  }
  if (json || !canAsk()) {
    throw new Refusal(
      'there is nobody to ask',
      'say --yes if everything that is named may be taken back',
    );
  }
  return isMeant('\nTake this back?');
}

/** Looks until the job has ended; a person may stop it at any time, the job goes on. */
async function endOf(jobId: string, operator: Operator, signal: AbortSignal): Promise<string> {
  for (;;) {
    const { state } = await granted(operator.get(`/jobs/${jobId}`));
    if (ENDED.some((one) => one === state)) {
      return String(state);
    }
    await pause(LOOK_AGAIN_MS, undefined, { signal });
  }
}
