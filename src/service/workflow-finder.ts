import type { Directory } from '../offboarding/directory.ts';

/** The configured workflow that a name or id means, with the titles of its configured steps. */
export interface FoundWorkflow {
  readonly workflowId: string;
  readonly steps: readonly [string, ...string[]];
}

/** Undefined for a workflow that is not configured, or not with this step. */
export function createWorkflowFinder(
  directory: Pick<Directory<{ readonly step: string }>, 'find'>,
): (nameOrId: string, step?: string) => Promise<FoundWorkflow | undefined> {
  return async (nameOrId, step) => {
    const [first, ...others] = await directory.find(nameOrId, step);
    return (
      first && {
        workflowId: first.workflow.id,
        steps: [first.policy.step, ...others.map(({ policy }) => policy.step)],
      }
    );
  };
}
