import { codeOf, type ErrorCode, retryOf, ServiceError } from '../errors.ts';
import type { Change } from './operations/operation.ts';

/** What the workflow is to be told. */
export type Verdict =
  /** Every required change read back as true. */
  | { readonly kind: 'continue' }
  /** Final: trying again cannot help, a person must act. */
  | { readonly kind: 'fail'; readonly code: ErrorCode; readonly reason: string };

/**
 * Pure. `left` are the required changes that the last reading still asks for, `failures` the errors
 * by change id. Throws `offboarding.not-verified` where another attempt may help.
 */
export function judge(left: readonly Change[], failures: ReadonlyMap<string, Error>): Verdict {
  if (left.length === 0) {
    return { kind: 'continue' };
  }
  const sentences = left.map((change) => change.sentence).join('; ');
  const refused = left.flatMap((change) => {
    const error = failures.get(change.id);
    return error !== undefined && retryOf(error) === 'never' ? [{ change, error }] : [];
  });
  const [first] = refused;
  if (first === undefined || refused.length < left.length) {
    throw new ServiceError('offboarding.not-verified', `not read back as done: ${sentences}`, {
      facts: { left: left.length },
      cause: [...failures.values()][0],
    });
  }
  return {
    kind: 'fail',
    code: codeOf(first.error),
    reason: `refused for good: ${refused
      .map(({ change, error }) => `${change.sentence} (${codeOf(error)}: ${error.message})`)
      .join('; ')}`,
  };
}
