import { parseAddress } from './address.ts';
import type { Attempt } from './attempt.ts';
import { attention, type Conclusion } from './conclusion.ts';
import type { Run, RunSearch, Runs, StepState } from './ports.ts';

/** A run that has come to our step, and perhaps left it again. */
export interface ArrivedRun extends Run {
  readonly step: Exclude<StepState, { kind: 'not-reached' }>;
}

export type Arrival = { readonly kind: 'arrived'; readonly run: ArrivedRun } | Conclusion;

export interface ArriveParts {
  readonly runs: Runs;
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

/** Finds the run a request is about and waits a short while for it to come to the step. */
export async function waitForStep(attempt: Attempt, parts: ArriveParts): Promise<Arrival> {
  for (const waitMs of [0, ...LOOK_AGAIN_AFTER_MS]) {
    await parts.pause(waitMs, attempt.signal);
    const found = await locate(attempt, parts.runs);
    if (found.kind === 'several') {
      return attention(
        'trelica.run-ambiguous',
        `${found.count} runs wait for ${attempt.request.email}; nobody can tell which is meant`,
      );
    }
    if (found.kind === 'found' && found.run.step.kind !== 'not-reached') {
      return { kind: 'arrived', run: { ...found.run, step: found.run.step } };
    }
  }
  return notYet(parts.now() - attempt.requestedAt);
}

/** Reads the run by id or, while only a person is known, finds the one run that waits for them. */
async function locate({ request, report }: Attempt, runs: Runs): Promise<RunSearch> {
  const { workflowId, runId = report.runId } = request;
  if (runId !== undefined) {
    return { kind: 'found', run: await runs.read(workflowId, runId, request.step) };
  }
  const email = parseAddress(request.email);
  return email === undefined
    ? { kind: 'none' }
    : runs.search(request.workflowId, email, request.step);
}

function notYet(waitedMs: number): Conclusion {
  const code = 'trelica.step-not-reached';
  if (waitedMs > GIVE_UP_AFTER_MS) {
    return attention(code, 'no run came to the step within 15 minutes of the request');
  }
  const reason = { code, message: 'the run has not come to the step yet' };
  return { kind: 'later', reason, afterMs: LOOK_SELDOM_AFTER_MS };
}
