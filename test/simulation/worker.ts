import { parentPort, workerData } from 'node:worker_threads';
import { closePremises, openPremises } from './premises.ts';
import { complaint, simulate, type Told } from './simulate.ts';

/** Which seeds one worker takes: every n-th. */
export interface Share {
  readonly first: number;
  readonly seeds: number;
  readonly step: number;
}

/** What a worker has to say in the end. */
export interface Tally {
  readonly seeds: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly failed: readonly Told[];
}

/** Enough to see what is wrong; if everything is, the first few tell as much. */
const MOST_FAILED = 5;

const { first, seeds, step } = workerData as Share;
const premises = await openPremises();
const counts: Record<string, number> = {};
const failed: Told[] = [];
let done = 0;
for (let seed = first; done < seeds && failed.length < MOST_FAILED; seed += step, done += 1) {
  const told = await simulate(seed, premises);
  for (const [what, times] of Object.entries(told.counts)) {
    counts[what] = (counts[what] ?? 0) + times;
  }
  if (told.violations.length > 0) {
    failed.push(told);
    // At once: a run that is cut off would otherwise take it along.
    process.stderr.write(`${complaint(told)}\n`);
  }
}
closePremises(premises);
parentPort?.postMessage({ seeds: done, counts, failed } satisfies Tally);
