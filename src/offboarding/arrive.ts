import { parseAddress } from './address.ts';
import type { Assignment } from './assignment.ts';
import type { Attempt } from './attempt.ts';
import { attention, type Conclusion } from './conclusion.ts';
import type { Journal } from './journal.ts';
import type { Run, RunSearch, Runs, StepState } from './ports.ts';

/** A run that has come to our step, and perhaps left it again. */
export interface ArrivedRun extends Run {
  readonly step: Exclude<StepState, { kind: 'not-reached' }>;
}

export interface Arrived {
  readonly kind: 'arrived';
  readonly run: ArrivedRun;
  /** What to do at the step the run has come to. */
  readonly assignment: Assignment;
}

export type Arrival = Arrived | Conclusion;

export interface ArriveParts {
  readonly runs: Runs;
  readonly journal: Journal;
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * The step is reached only after our answer to the webhook, which takes Trelica a moment: look again
 * at once and often, then seldom, then give up with a reason.
 */
const LOOK_AGAIN_AFTER_MS = [25, 50, 100, 200, 400, 800, 1_600];
const LOOK_SELDOM_AFTER_MS = 15_000;
const GIVE_UP_AFTER_MS = 15 * 60_000;

/**
 * Finds the run a request is about and waits a short while for it to come to the step. With several steps,
 * the one it waits at counts.
 */
export async function waitForStep(
  attempt: Attempt,
  assignments: readonly Assignment[],
  parts: ArriveParts,
): Promise<Arrival> {
  let sights: readonly Sight[] = [];
  for (const waitMs of [0, ...LOOK_AGAIN_AFTER_MS]) {
    await parts.pause(waitMs, attempt.signal);
    sights = await lookAt(attempt, assignments, parts);
    const count = sights.reduce((sum, sight) => sum + countOf(sight), 0);
    if (count > 1) {
      return ambiguous(count, attempt);
    }
    const arrived = sights.find(isWaiting) ?? sights.find((sight) => isFinal(sight, sights, parts));
    if (arrived?.kind === 'arrived') {
      return arrived;
    }
  }
  return leftOrLater(sights, parts);
}

/** Nothing waits. A step that was left is the answer, but not while another one may still be come to. */
async function leftOrLater(sights: readonly Sight[], parts: ArriveParts): Promise<Arrival> {
  const left = sights.find((sight) => sight.kind === 'arrived');
  if (left !== undefined && sights.every(({ kind }) => kind === 'arrived')) {
    return left;
  }
  const waited = await notYet(parts);
  return waited.kind === 'later' ? waited : (left ?? waited);
}

type Sight =
  | Arrived
  | { readonly kind: 'nothing' }
  | Extract<RunSearch, { readonly kind: 'several' }>;

function isWaiting(sight: Sight): sight is Arrived {
  return sight.kind === 'arrived' && sight.run.step.kind === 'waiting';
}

function countOf(sight: Sight): number {
  return sight.kind === 'several' ? sight.count : Number(isWaiting(sight));
}

/**
 * A step that was left may be come to again in a loop, or another of ours after it: looked at a little longer,
 * unless this job has seen the run wait before, or the run is over.
 */
function isFinal(sight: Sight, all: readonly Sight[], { journal }: ArriveParts): boolean {
  if (sight.kind !== 'arrived') {
    return false;
  }
  const isOver = sight.run.step.kind === 'ended' && all.every(({ kind }) => kind === 'arrived');
  return journal.report.iteration !== undefined || isOver;
}

async function lookAt(
  attempt: Attempt,
  assignments: readonly Assignment[],
  { runs, journal }: ArriveParts,
): Promise<readonly Sight[]> {
  const sights: Sight[] = [];
  const { step: known } = journal.report;
  // Once this job has seen the run wait, only that step counts.
  for (const assignment of assignments.filter(({ step }) => (known ?? step) === step)) {
    const found = await locate(attempt, assignment.step, journal, runs);
    if (found.kind === 'several') {
      sights.push(found);
    } else if (found.kind === 'found' && found.run.step.kind !== 'not-reached') {
      const run = { ...found.run, step: found.run.step };
      sights.push({ kind: 'arrived', run, assignment });
    } else {
      sights.push({ kind: 'nothing' });
    }
  }
  return sights;
}

/** Reads the run by id or, while only a person is known, finds the one run that waits for them. */
async function locate(
  { request }: Attempt,
  step: string,
  { report }: Journal,
  runs: Runs,
): Promise<RunSearch> {
  const { workflowId, runId = report.runId, iteration = report.iteration } = request;
  if (runId !== undefined) {
    return { kind: 'found', run: await runs.read(workflowId, runId, step, iteration) };
  }
  const email = parseAddress(request.email);
  return email === undefined ? { kind: 'none' } : runs.search(workflowId, email, step);
}

function ambiguous(count: number, { request }: Attempt): Conclusion {
  const whose = request.email === undefined ? 'in this run' : `for ${request.email}`;
  return attention(
    'trelica.run-ambiguous',
    `${count} steps wait ${whose}; nobody can tell which is meant`,
  );
}

/**
 * Counted from the first look in vain, not from the request: Trelica, or this service, may have been away
 * in between.
 */
export async function notYet({
  journal,
  now,
}: Pick<ArriveParts, 'journal' | 'now'>): Promise<Conclusion> {
  const code = 'trelica.step-not-reached';
  const since = journal.report.awaitedSince;
  if (since === undefined) {
    await journal.note({ awaitedSince: journal.time() });
  } else if (now() - Date.parse(since) > GIVE_UP_AFTER_MS) {
    // Whoever lets it be tried again waits as long again.
    await journal.note({ awaitedSince: undefined });
    return attention(code, 'no run came to the step within 15 minutes');
  }
  const reason = { code, message: 'the run has not come to the step yet' };
  return { kind: 'later', reason, afterMs: LOOK_SELDOM_AFTER_MS };
}
