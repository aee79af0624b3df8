import { type Brakes, isUntouchable } from './brakes.ts';
import { type FindingPolicy, type JudgedFinding, judgeFindings } from './findings.ts';
import type { Change, Skip } from './operations/operation.ts';
import type { Snapshot } from './snapshot.ts';

/** What differs from the policy, in the order it must be done, and what a person should know of it. */
export interface Plan {
  readonly changes: readonly Change[];
  readonly findings: readonly JudgedFinding[];
  readonly skipped: readonly Skip[];
  /** What each operation saw, by its name. */
  readonly seen: Readonly<Record<string, unknown>>;
}

/** What keeps some of it from being done. */
export interface Bounds {
  readonly findings: FindingPolicy;
  readonly brakes: Pick<Brakes, 'neverTouch'>;
}

/** Pure: the same snapshot always gives the same plan, and a snapshot of the finished work an empty one. */
export function planOf(snapshot: Snapshot, { findings: policy, brakes }: Bounds): Plan {
  const plans = snapshot.views.map(({ operation, answers, looked }) => ({
    name: operation.name,
    plan: operation.plan(snapshot.subject, answers, looked),
  }));
  const findings = plans.flatMap(({ plan }) => plan.findings);
  const changes = plans.flatMap(({ plan }) => plan.changes);
  const isProtected = ({ elsewhere }: Change) => isUntouchable(elsewhere?.addresses ?? [], brakes);
  return {
    changes: changes.filter((change) => !isProtected(change)),
    findings: judgeFindings(findings, policy),
    skipped: [
      ...plans.flatMap(({ plan }) => plan.skipped),
      ...changes.filter(isProtected).map(leftAlone),
    ],
    seen: Object.fromEntries(plans.map(({ name, plan }) => [name, plan.seen])),
  };
}

function leftAlone({ operation, elsewhere, sentence }: Change): Skip {
  const reason = 'on the list of those never to touch';
  return { operation, what: elsewhere?.what ?? sentence, reason };
}
