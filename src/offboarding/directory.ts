import { ServiceError } from '../errors.ts';
import type { Workflow, Workflows } from './ports.ts';

/** A workflow of the configuration that exists in Trelica. */
export interface Entry<P> {
  readonly policy: P;
  readonly workflow: Workflow;
}

export interface Directory<P> {
  /** The configured workflow with this name or id; undefined if there is none. Throws `trelica.*`. */
  find(nameOrId: string): Promise<Entry<P> | undefined>;
  /** Every configured workflow, each looked up in Trelica; the first that fails rejects. */
  all(): Promise<readonly Entry<P>[]>;
}

/** Which policy a workflow has: the configuration names workflows as people do, requests by id. */
export function createDirectory<P extends { readonly workflow: string }>(
  policies: readonly P[],
  workflows: Workflows,
): Directory<P> {
  const look = async (policy: P): Promise<Entry<P>> => ({
    policy,
    workflow: await workflows.resolve(policy.workflow),
  });
  return {
    all: () => Promise.all(policies.map(look)),
    async find(nameOrId) {
      const outcomes = await Promise.allSettled(policies.map(look));
      const entries = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const found = entries.find(
        ({ workflow }) => workflow.id === nameOrId || workflow.name === nameOrId,
      );
      // What could not be looked up may be the one that was asked for.
      const failed = outcomes.find((one) => one.status === 'rejected');
      if (found === undefined && failed !== undefined && !isConfigurationFault(failed.reason)) {
        throw failed.reason;
      }
      return found;
    },
  };
}

/** A workflow that Trelica does not have is not the one somebody's webhook means. */
function isConfigurationFault(reason: unknown): boolean {
  return (
    reason instanceof ServiceError &&
    ['trelica.workflow-not-found', 'trelica.workflow-ambiguous'].includes(reason.code)
  );
}
