import { type FindingKind, type FindingPolicy, judgeFindings } from './findings.ts';
import type { Change } from './operations/operation.ts';
import type { Plan } from './plan.ts';
import type { ChangeResult } from './report.ts';

/** A change that happens at most once was begun, and nobody knows whether it happened. */
export const OUTCOME_UNKNOWN: FindingKind = { code: 'outcome-unknown', byDefault: 'warn' };

/** The ids of the changes that this job has made, or may have made. */
export function madeIds(changes: readonly ChangeResult[]): ReadonlySet<string> {
  return new Set(changes.filter(isMade).map(({ id }) => id));
}

/** Whether it was made, or may have been, in this attempt or an earlier one. */
export function isMade({
  outcome,
  madeBefore,
}: Pick<ChangeResult, 'outcome' | 'madeBefore'>): boolean {
  return madeBefore === true || ['begun', 'done', 'already', 'unknown'].includes(outcome);
}

export interface Remaining {
  readonly plan: Plan;
  /** Taken out of the plan because they may have happened: nothing can be read, and nothing repeated. */
  readonly uncertain: readonly Change[];
  /** Taken out because they were made; but the state, which would show them, does not. */
  readonly unseen: readonly Change[];
}

/**
 * A plan in the light of what this job has done so far: without the changes that must not be made a
 * second time, and without findings that it brought about itself.
 */
export function remaining(
  plan: Plan,
  done: readonly ChangeResult[],
  policy: FindingPolicy,
): Remaining {
  const made = madeIds(done);
  const repeats = plan.changes.filter(({ id, once }) => once === true && made.has(id));
  const uncertain = repeats.filter(({ id }) =>
    done.some((one) => one.id === id && ['begun', 'unknown'].includes(one.outcome)),
  );
  const unseen = repeats.filter((one) => one.isShown === true && !uncertain.includes(one));
  const doubts = uncertain.map(({ sentence }) => ({
    kind: OUTCOME_UNKNOWN,
    sentence: `Begun, but whether it happened is unknown, and it is not repeated: ${sentence}.`,
  }));
  return {
    uncertain,
    unseen,
    plan: {
      ...plan,
      changes: plan.changes.filter((change) => !repeats.includes(change)),
      findings: [
        ...plan.findings.filter(({ unlessMade }) => !made.has(unlessMade ?? '')),
        ...judgeFindings(doubts, policy),
      ],
    },
  };
}
