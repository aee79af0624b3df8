import { codeOf, ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Intake, Run, SweepReport, WorkflowSweep, Workflows } from '../offboarding/ports.ts';
import { type LeaverRequest, roundOf } from '../offboarding/request.ts';
import type { TrelicaRuns } from './runs.ts';

interface SweptPolicy {
  readonly workflow: string;
  readonly step: string;
}

export interface SweepParts {
  readonly policies: readonly SweptPolicy[];
  readonly workflows: Workflows;
  readonly runs: Pick<TrelicaRuns, 'listWaiting'>;
  readonly intake: Intake;
  readonly log: Logger;
}

/**
 * Finds what a lost webhook missed: hands every run that waits at our step to the intake, which knows
 * those it has. Never rejects; what failed is in the report. A call during a sweep gets that sweep's report.
 */
export function createSweep(parts: SweepParts): () => Promise<SweepReport> {
  let running: Promise<SweepReport> | undefined;
  return () => {
    running ??= sweepAll(parts).finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** One after the other: a sweep is in no hurry, and Trelica's limits are unknown. */
async function sweepAll(parts: SweepParts): Promise<SweepReport> {
  const workflows: WorkflowSweep[] = [];
  for (const policy of parts.policies) {
    workflows.push(await sweepOne(policy, parts));
  }
  return { workflows };
}

async function sweepOne(policy: SweptPolicy, parts: SweepParts): Promise<WorkflowSweep> {
  const { workflow } = policy;
  const counts = { waiting: 0, accepted: 0, known: 0 };
  try {
    const { id } = await parts.workflows.resolve(workflow);
    for await (const run of parts.runs.listWaiting(id, policy.step)) {
      counts.waiting += 1;
      const { duplicate } = await parts.intake.accept(requestFor(run, policy.step));
      counts[duplicate ? 'known' : 'accepted'] += 1;
    }
    parts.log.info({ workflow, ...counts }, 'workflow swept');
    return { workflow, ...counts };
  } catch (error) {
    const code = codeOf(error);
    parts.log.error({ workflow, ...counts, code, err: error }, 'sweep of a workflow failed');
    const message = error instanceof ServiceError ? error.message : 'an unexpected fault';
    return { workflow, ...counts, error: { code, message } };
  }
}

function requestFor({ workflowId, runId, person, iteration }: Run, step: string): LeaverRequest {
  const email = person === undefined ? {} : { email: person.email };
  const round = iteration === undefined || roundOf(iteration).length === 0 ? {} : { iteration };
  return { workflowId, runId, ...email, step, ...round, source: 'poll' };
}
