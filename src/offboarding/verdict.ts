import { ServiceError } from '../errors.ts';
import type { Change } from './operations/operation.ts';
import type { Outcome } from './outcome.ts';

/** What the workflow is to be told. */
export type Verdict =
  /** Every required change read back as true. */
  | { readonly kind: 'continue' }
  /** Final: trying again cannot help, a person must act. */
  | { readonly kind: 'fail'; readonly code: string; readonly reason: string };

/**
 * Pure. `left` are the required changes that the last reading still asks for, `outcomes` what became of
 * their calls, by change id. Throws `offboarding.not-verified` where another attempt may help.
 */
export function judge(
  left: readonly Change[],
  outcomes: ReadonlyMap<string, Outcome>,
  cause?: unknown,
): Verdict {
  if (left.length === 0) {
    return { kind: 'continue' };
  }
  const refused = left.flatMap((change) => {
    const outcome = outcomes.get(change.id);
    return outcome?.kind === 'failed' ? [{ change, ...outcome }] : [];
  });
  const [first] = refused;
  if (first === undefined || refused.length < left.length) {
    const sentences = left.map((change) => change.sentence).join('; ');
    throw new ServiceError('offboarding.not-verified', `not read back as done: ${sentences}`, {
      facts: { left: left.length },
      cause,
    });
  }
  return {
    kind: 'fail',
    code: first.code,
    reason: `refused for good: ${refused
      .map(({ change, code, message }) => `${change.sentence} (${code}: ${message})`)
      .join('; ')}`,
  };
}
