import { attention, type Conclusion } from './conclusion.ts';
import type { Finding, FindingKind } from './findings.ts';
import type { StepState } from './ports.ts';

/** More than a leaver usually takes, retries included: a step that moves on sooner may do so in our midst. */
const EXPECTED_MS = 10 * 60_000;

export const STEP_ENDS_SOON: FindingKind = { code: 'step-ends-soon', byDefault: 'warn' };

export type Deadline =
  | { readonly kind: 'ahead'; readonly findings: readonly Finding[] }
  | { readonly kind: 'passed'; readonly conclusion: Conclusion };

/**
 * How the time at which a waiting step moves on by itself compares with the work before us. Which branch the
 * workflow takes then is not documented: once it has passed, nothing is begun.
 */
export function deadlineOf(
  { untilDtm }: Extract<StepState, { kind: 'waiting' }>,
  now: number,
): Deadline {
  const leftMs = Date.parse(untilDtm ?? '') - now;
  if (leftMs <= 0) {
    const message = `the step's time was over at ${untilDtm}; nothing was begun`;
    return { kind: 'passed', conclusion: attention('trelica.step-expired', message) };
  }
  const sentence = `The step moves on by itself at ${untilDtm}, perhaps before the work is done.`;
  return {
    kind: 'ahead',
    findings: leftMs < EXPECTED_MS ? [{ kind: STEP_ENDS_SOON, sentence }] : [],
  };
}
