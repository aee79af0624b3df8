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

/** Pure: the same snapshot always gives the same plan, and a snapshot of the finished work an empty one. */
export function planOf(snapshot: Snapshot, policy: FindingPolicy): Plan {
  const plans = snapshot.views.map(({ operation, answers, looked }) => ({
    name: operation.name,
    plan: operation.plan(snapshot.subject, answers, looked),
  }));
  const findings = plans.flatMap(({ plan }) => plan.findings);
  return {
    changes: plans.flatMap(({ plan }) => plan.changes),
    findings: judgeFindings(findings, policy),
    skipped: plans.flatMap(({ plan }) => plan.skipped),
    seen: Object.fromEntries(plans.map(({ name, plan }) => [name, plan.seen])),
  };
}
