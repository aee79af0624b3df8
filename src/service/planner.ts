import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Brakes } from '../offboarding/brakes.ts';
import type { Directory } from '../offboarding/directory.ts';
import type { WorkflowPolicy } from '../offboarding/policy.ts';
import type { Exchange, People, Runs } from '../offboarding/ports.ts';
import { makePreview, type Preview, type PreviewRequest } from '../offboarding/preview.ts';
import { assignmentsFor } from './leaver-job.ts';

export interface PlannerParts {
  readonly directory: Directory<WorkflowPolicy>;
  readonly runs: Pick<Runs, 'read' | 'search'>;
  readonly people?: People | undefined;
  readonly exchangeFor: (log: Logger, signal: AbortSignal) => Exchange;
  readonly brakes: Brakes;
  readonly log: Logger;
  readonly now: () => number;
  readonly withinMs: number;
}

/** Plans are for looking; the leavers come first. */
const PLANS_AT_ONCE = 2;

/**
 * Makes plans that are not carried out, a few at a time. Throws `http.unavailable` when there are more, or
 * when one takes too long.
 */
export function createPlanner(parts: PlannerParts): (request: PreviewRequest) => Promise<Preview> {
  let underWay = 0;
  return async (request) => {
    if (underWay >= PLANS_AT_ONCE) {
      throw new ServiceError('http.unavailable', `${PLANS_AT_ONCE} plans are being made already`);
    }
    underWay += 1;
    const signal = AbortSignal.timeout(parts.withinMs);
    try {
      const { directory, exchangeFor, log } = parts;
      const [assignment] = await assignmentsFor(request, directory);
      const exchange = exchangeFor(log, signal);
      return await makePreview(request, assignment, { ...parts, exchange });
    } catch (cause) {
      throw signal.aborted
        ? new ServiceError('http.unavailable', 'the plan took too long', { cause })
        : cause;
    } finally {
      underWay -= 1;
    }
  };
}
