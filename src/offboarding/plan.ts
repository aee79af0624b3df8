import type { Change, Finding, OperationPlan, Skip } from './operations/operation.ts';
import type { Snapshot } from './snapshot.ts';

/** What differs from the policy, in the order it must be done, and what a person should know of it. */
export interface Plan {
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skip[];
  /** What each operation saw, by its name. */
  readonly seen: Readonly<Record<string, OperationPlan['seen']>>;
}

/** Pure: the same snapshot always gives the same plan, and a snapshot of the finished work an empty one. */
export function planOf(snapshot: Snapshot): Plan {
  const plans = snapshot.views.map(({ operation, answers }) => ({
    name: operation.name,
    plan: operation.plan(snapshot.subject, answers),
  }));
  return {
    changes: plans.flatMap(({ plan }) => plan.changes),
    findings: plans.flatMap(({ plan }) => plan.findings),
    skipped: plans.flatMap(({ plan }) => plan.skipped),
    seen: Object.fromEntries(plans.map(({ name, plan }) => [name, plan.seen])),
  };
}

/** The finding that forbids to change anything, if there is one. */
export function stopOf(findings: readonly Finding[]): Finding | undefined {
  return findings.find((finding) => finding.severity === 'stop');
}
