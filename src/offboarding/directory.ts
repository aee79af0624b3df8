import { codeOf, ServiceError } from '../errors.ts';
import type { Workflow, Workflows } from './ports.ts';

/** A workflow of the configuration that exists in Trelica. */
export interface Entry<P> {
  readonly policy: P;
  readonly workflow: Workflow;
}

export interface Directory<P> {
  /**
   * What is configured for the workflow with this name or id, at the step with this title if one is given;
   * empty if nothing is. Throws `trelica.*`.
   */
  find(nameOrId: string, step?: string): Promise<readonly Entry<P>[]>;
  /**
   * Looks up every configured workflow. The answer are sentences about those that the configuration names
   * wrongly, which keep none of the others from being served. Throws `trelica.*` if Trelica can't be asked, or
   * none can be served.
   */
  check(): Promise<readonly string[]>;
}

/** Which policy a workflow has: the configuration names workflows as people do, requests by id. */
export function createDirectory<P extends { readonly workflow: string; readonly step: string }>(
  policies: readonly P[],
  workflows: Workflows,
): Directory<P> {
  const look = async (policy: P): Promise<Entry<P>> => ({
    policy,
    workflow: await workflows.resolve(policy.workflow),
  });
  return {
    async find(nameOrId, step) {
      const outcomes = await Promise.allSettled(policies.map(look));
      const entries = foundIn(outcomes);
      const found = entries.filter(
        ({ workflow }) => workflow.id === nameOrId || workflow.name === nameOrId,
      );
      // What could not be looked up may be the one that was asked for.
      const weather = reasonsIn(outcomes).find((reason) => !isConfigurationFault(reason));
      if (found.length === 0 && weather !== undefined) {
        throw weather;
      }
      const wanted = found.filter(({ policy }) => step === undefined || policy.step === step);
      const [fault] = twice(wanted);
      if (fault !== undefined) {
        throw fault;
      }
      return wanted;
    },
    async check() {
      const outcomes = await Promise.allSettled(policies.map(look));
      const reasons = reasonsIn(outcomes);
      const weather = reasons.find((reason) => !isConfigurationFault(reason));
      if (weather !== undefined || reasons.length === policies.length) {
        throw weather ?? reasons[0];
      }
      return [...reasons, ...twice(foundIn(outcomes))].map(
        (reason) => `${codeOf(reason)}: ${messageOf(reason)}`,
      );
    },
  };
}

function foundIn<P>(outcomes: readonly PromiseSettledResult<Entry<P>>[]): readonly Entry<P>[] {
  return outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

function reasonsIn(outcomes: readonly PromiseSettledResult<unknown>[]): readonly unknown[] {
  return outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
}

/** The same workflow by name and by id: the configuration alone can't show it. */
function twice<P extends { readonly step: string }>(
  entries: readonly Entry<P>[],
): readonly ServiceError[] {
  const places = entries.map(({ policy, workflow }) => JSON.stringify([workflow.id, policy.step]));
  return entries.flatMap(({ policy, workflow }, index) =>
    places.indexOf(places[index] ?? '') === index
      ? []
      : [
          new ServiceError(
            'trelica.workflow-ambiguous',
            `the workflow ${workflow.name} is configured twice with the step ${policy.step}`,
          ),
        ],
  );
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : 'unknown fault';
}

/** A workflow that Trelica does not have is not the one somebody's webhook means. */
function isConfigurationFault(reason: unknown): boolean {
  return (
    reason instanceof ServiceError &&
    ['trelica.workflow-not-found', 'trelica.workflow-ambiguous'].includes(reason.code)
  );
}
