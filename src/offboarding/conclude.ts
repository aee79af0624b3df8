import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { attention, type Conclusion } from './conclusion.ts';
import type { Journal } from './journal.ts';
import type { Run, Runs, StepState, WaitingAction } from './ports.ts';
import type { Report } from './report.ts';

type LeftStep = Exclude<StepState, { kind: 'waiting' }>;

export interface ConcludeParts {
  readonly runs: Runs;
  readonly journal: Journal;
  readonly log: Logger;
  readonly signal: AbortSignal;
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
  const now = await runs.read(run.workflowId, run.runId, parts.step);
  if (now.step.kind !== 'waiting') {
    return leftAlready(now.step, journal);
  }
  const offered = actionOf(now.step.actions, action);
  if (offered === undefined) {
    return actionMissing(action, now.step.actions);
  }
  const isSecondShot = journal.report.signal !== undefined;
  await journal.note({ signal: { action, outcome: 'intended', at: journal.time() } });
  const answer = await runs.fire(now, offered);
  if (answer.kind === 'refused') {
    const message = `Trelica refused the signal ${action} with status ${answer.status}`;
    return attention('trelica.request-refused', message);
  }
  const isOurs = answer.kind === 'fired' || isSecondShot;
  return readBack(now, action, isOurs, parts);
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
export async function leftAlready(step: LeftStep, journal: Journal): Promise<Conclusion> {
  const { signal, verdict } = journal.report;
  if (signal !== undefined && isOurWork(step, signal)) {
    const ours = await confirmed(signal.action, journal);
    return verdict === 'fail'
      ? attention('offboarding.change-failed', `the failure was signalled with ${signal.action}`)
      : ours;
  }
  const message = {
    completed: 'somebody else completed the step',
    ended: 'the run ended without us',
    'not-reached': 'the run went back before the step',
  }[step.kind];
  return { kind: 'superseded', reason: { code: `step-${step.kind}`, message } };
}

/** `intended` may have been fired or not, which the run tells; what was confirmed stays so, whatever came after. */
function isOurWork(step: LeftStep, signal: NonNullable<Report['signal']>): boolean {
  return (
    signal.outcome === 'confirmed' || (signal.outcome === 'intended' && step.kind === 'completed')
  );
}

/** `isOurs`: if the step turns out to be left, it was one of our shots that did it. */
async function readBack(
  run: Run,
  action: string,
  isOurs: boolean,
  parts: ConcludeParts,
): Promise<Conclusion> {
  for (const waitMs of READ_BACK_AFTER_MS) {
    await parts.pause(waitMs, parts.signal);
    const { step } = await parts.runs.read(run.workflowId, run.runId, parts.step);
    if (step.kind !== 'waiting') {
      parts.log.info({ action, isOurs }, 'signal read back');
      return isOurs ? confirmed(action, parts.journal) : notOurs(step, action, parts.journal);
    }
  }
  throw new ServiceError('trelica.signal-unconfirmed', 'the step still waits after the signal', {
    facts: { action, acknowledged: isOurs },
  });
}

async function confirmed(action: string, journal: Journal): Promise<Conclusion> {
  // The first reading that saw it counts.
  if (journal.report.signal?.outcome !== 'confirmed') {
    await journal.note({ signal: { action, outcome: 'confirmed', at: journal.time() } });
  }
  return { kind: 'done' };
}

async function notOurs(step: LeftStep, action: string, journal: Journal): Promise<Conclusion> {
  await journal.note({ signal: { action, outcome: 'not-ours', at: journal.time() } });
  return leftAlready(step, journal);
}
