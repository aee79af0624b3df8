import { z } from 'zod';
import { STEP_ENDS_SOON } from './deadline.ts';
import { type FindingKind, SEVERITIES } from './findings.ts';
import { RECORD_FINDINGS } from './identify.ts';
import { OUTCOME_UNKNOWN } from './made.ts';
import { OPERATIONS } from './operations/list.ts';
import type { Operation, OperationKind } from './operations/operation.ts';
import { NOBODY_FINDINGS } from './participants.ts';
import { section } from './section.ts';

const kinds: readonly OperationKind[] = OPERATIONS;

const operationSettings = section(
  Object.fromEntries(kinds.map((kind) => [kind.name, kind.settings.optional()])),
).refine((chosen) => Object.keys(chosen).length > 0, 'switch on at least one operation');

/** Every finding a policy can say something about. */
export const FINDINGS: readonly FindingKind[] = [
  ...NOBODY_FINDINGS,
  STEP_ENDS_SOON,
  ...RECORD_FINDINGS,
  OUTCOME_UNKNOWN,
  ...kinds.flatMap((kind) => kind.findings),
];

const findingSettings = section(
  Object.fromEntries(FINDINGS.map(({ code }) => [code, z.enum(SEVERITIES).optional()])),
);

/** What an administrator writes about one workflow. */
export const workflowPolicy = section({
  /** Name or id of the workflow in Trelica. */
  workflow: z.string().trim().min(1),
  /** Title of the Signal step this service completes. */
  step: z.string().trim().min(1).default('Signal'),
  /** The step's action that means success. */
  action: z.string().trim().min(1).default('Continue'),
  /** The step's action for a final failure; without it the run stays waiting for a person. */
  failureAction: z.string().trim().min(1).optional(),
  operations: operationSettings,
  /** What a finding means, where that is not as by default. */
  findings: findingSettings.prefault({}),
});
export type WorkflowPolicy = z.infer<typeof workflowPolicy>;

/** The operations a policy switches on, configured, in the order they must run in. */
export function operationsOf(policy: WorkflowPolicy): readonly Operation[] {
  const chosen: Readonly<Record<string, unknown>> = policy.operations;
  return kinds.flatMap((kind) =>
    chosen[kind.name] === undefined ? [] : [kind.configure(chosen[kind.name])],
  );
}
