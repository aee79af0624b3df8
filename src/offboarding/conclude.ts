import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { notYet } from './arrive.ts';
import { attention, type Conclusion } from './conclusion.ts';
import type { Journal } from './journal.ts';
import type { Run, Runs, SignalAnswer, StepState, WaitingAction } from './ports.ts';
import type { Report } from './report.ts';

type LeftStep = Exclude<StepState, { kind: 'waiting' }>;

export interface ConcludeParts {
  readonly runs: Runs;
  readonly journal: Journal;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Aborted when an operator wants the job to end: heeded until the signal is under way. */
  readonly cancel?: AbortSignal | undefined;
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly step: string;
}

/** Trelica may show the run a moment longer as it was before the signal. */
const READ_BACK_AFTER_MS = [0, 250, 1_000, 3_000, 10_000];

/**
 * Completes the run's step with one of its actions: reads the run again, writes down that it is about
 * to fire, fires, and reads back that the step was left. A lost answer is never followed by a second
 * shot: the next attempt begins by reading.
 */
export async function conclude(
  run: Run,
  action: string,
  parts: ConcludeParts,
): Promise<Conclusion> {
  const { runs, journal } = parts;
  const now = await readAgain(run, parts);
  if (now.step.kind !== 'waiting') {
    return leftAlready(now.step, parts);
  }
  const offered = actionOf(now.step.actions, action);
  if (offered === undefined) {
    return refused(action, actionMissing(action, now.step.actions), journal);
  }
  parts.cancel?.throwIfAborted();
  const isSecondShot = journal.report.signal?.outcome === 'intended';
  await journal.note({ signal: { action, outcome: 'intended', at: journal.time() } });
  const answer = await runs.fire(now, offered).catch(async (error: unknown) => {
    if (!isSecondShot && wasNotSent(error)) {
      await journal.note({ signal: { action, outcome: 'owed', at: journal.time() } });
    }
    throw error;
  });
  return readBack(now, action, { answer, isSecondShot }, parts);
}

/** The request did not leave: whoever completes the step now, it was not us. */
function wasNotSent(error: unknown): boolean {
  return error instanceof ServiceError && error.facts['asked'] === false;
}

/** The signal is decided on and not known to have had its effect: it is only delivered. */
export function isPending({ signal }: Report): boolean {
  return signal?.outcome === 'owed' || signal?.outcome === 'intended';
}

function readAgain(run: Run, { runs, step }: ConcludeParts): Promise<Run> {
  return runs.read(run.workflowId, run.runId, step, run.iteration);
}

/** The action with this name among those a waiting step offers. */
export function actionOf(
  actions: readonly WaitingAction[],
  name: string,
): WaitingAction | undefined {
  return actions.find((action) => action.name === name);
}

export function actionMissing(name: string, actions: readonly WaitingAction[]): Conclusion {
  const offered = actions.map((action) => action.name).join(', ') || 'none';
  return attention(
    'trelica.action-not-offered',
    `the step does not offer the action ${name}; it offers: ${offered}`,
  );
}

/** The step was left before we fired in this attempt: by our own earlier shot, or by somebody else. */
export async function leftAlready(
  step: LeftStep,
  parts: Pick<ConcludeParts, 'journal' | 'now'>,
): Promise<Conclusion> {
  const { journal } = parts;
  const { signal, verdict } = journal.report;
  if (signal !== undefined && isOurWork(step, signal)) {
    await confirmed(signal.action, journal);
    return toldOf(signal.action, verdict);
  }
  if (step.kind === 'not-reached') {
    return notYet(parts);
  }
  const message =
    step.kind === 'completed'
      ? 'somebody else completed the step'
      : `the run ended without us: ${step.status}`;
  return { kind: 'superseded', reason: { code: `step-${step.kind}`, message } };
}

/** What a job is whose signal was read back, by the verdict it told. */
export function toldOf(action: string, verdict: Report['verdict']): Conclusion {
  return verdict === 'fail'
    ? attention('offboarding.change-failed', `the failure was signalled with ${action}`)
    : { kind: 'done' };
}

/** `intended` may have been fired or not, which the run tells; what was confirmed stays so, whatever came after. */
function isOurWork(step: LeftStep, signal: NonNullable<Report['signal']>): boolean {
  return (
    signal.outcome === 'confirmed' || (signal.outcome === 'intended' && step.kind === 'completed')
  );
}

interface Shot {
  readonly answer: SignalAnswer;
  /** An earlier one may have had its effect, and this one met it. */
  readonly isSecondShot: boolean;
}

/** What the run says counts; the answer only tells whose work it was. */
async function readBack(
  run: Run,
  action: string,
  shot: Shot,
  parts: ConcludeParts,
): Promise<Conclusion> {
  const { answer, isSecondShot } = shot;
  for (const waitMs of READ_BACK_AFTER_MS) {
    await parts.pause(waitMs, parts.signal);
    const { step } = await readAgain(run, parts);
    if (step.kind !== 'waiting') {
      const isOurs = answer.kind === 'fired' || (isSecondShot && step.kind === 'completed');
      parts.log.info({ action, isOurs }, 'signal read back');
      return isOurs ? confirmed(action, parts.journal) : notOurs(step, action, parts);
    }
    if (answer.kind === 'refused') {
      const message = `Trelica refused the signal ${action} with status ${answer.status}`;
      return refused(action, attention('trelica.request-refused', message), parts.journal);
    }
  }
  throw new ServiceError('trelica.signal-unconfirmed', 'the step still waits after the signal', {
    facts: { action, acknowledged: answer.kind === 'fired' || isSecondShot },
  });
}

async function confirmed(action: string, journal: Journal): Promise<Conclusion> {
  // The first reading that saw it counts.
  if (journal.report.signal?.outcome !== 'confirmed') {
    await journal.note({ signal: { action, outcome: 'confirmed', at: journal.time() } });
  }
  return { kind: 'done' };
}

/** A step that the run has not come to yet keeps the signal owed. */
async function notOurs(step: LeftStep, action: string, parts: ConcludeParts): Promise<Conclusion> {
  const { journal } = parts;
  const outcome = step.kind === 'not-reached' ? 'owed' : 'not-ours';
  await journal.note({ signal: { action, outcome, at: journal.time() } });
  return leftAlready(step, parts);
}

async function refused(
  action: string,
  conclusion: Conclusion,
  journal: Journal,
): Promise<Conclusion> {
  await journal.note({ signal: { action, outcome: 'refused', at: journal.time() } });
  return conclusion;
}
