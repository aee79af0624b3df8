import type { FindingPolicy } from './findings.ts';
import type { Operation } from './operations/operation.ts';

/** What a workflow's policy says about one step, ready to use. */
export interface Assignment {
  readonly step: string;
  readonly action: string;
  readonly failureAction: string | undefined;
  readonly operations: readonly Operation[];
  readonly findings: FindingPolicy;
}
