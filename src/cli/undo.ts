import { createInterface } from 'node:readline/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { environment } from '../config.ts';
import { undoable } from '../offboarding/undo.ts';
import { readOperatorToken } from '../secrets.ts';
import type { ShownJob } from './demo-story.ts';
import { granted } from './granted.ts';
import { Operator } from './operator.ts';

export interface UndoOptions {
  readonly url: string;
  readonly yes?: boolean;
}

const LOOK_AGAIN_MS = 500;
const ENDED = ['done', 'superseded', 'needs-attention'];

/**
 * Shows what a job changed, asks, lets the running service take it back, and prints the report. Returns the
 * exit code: 0 only if everything that can be taken back was read back.
 */
export async function undo(jobId: string, { url, yes }: UndoOptions): Promise<number> {
  const operator = new Operator(url.replace(/\/$/, ''), readOperatorToken(environment()));
  const path = `/jobs/${encodeURIComponent(jobId)}`;
  const job = (await granted(operator.get(path))) as unknown as ShownJob;
  console.log(summaryOf(job));
  if (yes !== true && !(await isMeant())) {
    console.error('Nothing was changed.');
    return 1;
  }
  const { jobId: made } = await granted(operator.post(`${path}/undo`, {}));
  console.log(`\nUndone by job ${String(made)}`);
  const state = await endOf(String(made), operator);
  console.log(`\n${await operator.text(`/jobs/${String(made)}/report`)}`.trimEnd());
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

async function isMeant(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.error('There is nobody to ask: say --yes.');
    return false;
  }
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await asking.question('\nTake this back? [y/N] ')).trim());
  } finally {
    asking.close();
  }
}

/** Looks until the job has ended; a person may stop it at any time, the job goes on. */
async function endOf(jobId: string, operator: Operator): Promise<string> {
  for (;;) {
    const { state } = await granted(operator.get(`/jobs/${jobId}`));
    if (ENDED.includes(String(state))) {
      return String(state);
    }
    await pause(LOOK_AGAIN_MS);
  }
}
