import { setTimeout as pause } from 'node:timers/promises';
import { ServiceError } from '../errors.ts';
import type { Handler, Outcome, Work } from '../jobs/runner.ts';
import type { JobStore, JsonObject } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import type { Directory } from '../offboarding/directory.ts';
import { operationsOf, type WorkflowPolicy } from '../offboarding/policy.ts';
import type { Exchange, Intake, Runs } from '../offboarding/ports.ts';
import { type Assignment, offboard } from '../offboarding/process.ts';
import { type Report, readReport } from '../offboarding/report.ts';
import { keyOf, type LeaverRequest, leaverRequest } from '../offboarding/request.ts';

/**
 * Where the queue and the domain meet: the queue knows keys and JSON, the domain knows leavers, and
 * neither knows the other.
 */

/** Puts requests into the queue and wakes whoever works on it. */
export function createIntake(store: JobStore, wake: () => void, now: () => number): Intake {
  return {
    async accept(request) {
      const lock = request.email === undefined ? {} : { lock: request.email };
      const isKeyProvisional = request.runId === undefined;
      const job = { key: keyOf(request), isKeyProvisional, ...lock, request: asJson(request) };
      const accepted = await store.accept(job, now());
      wake();
      return {
        jobId: accepted.job.id,
        status: accepted.job.state,
        duplicate: accepted.duplicate,
      };
    },
  };
}

/** As it would come back from the store: optional members that are undefined are gone. */
function asJson(value: LeaverRequest | Report): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

export interface LeaverJobParts {
  readonly directory: Directory<WorkflowPolicy>;
  readonly runs: Runs;
  readonly exchangeFor: (log: Logger, signal: AbortSignal) => Exchange;
  readonly now: () => number;
  readonly log: Logger;
}

/** What the queue does with a job: one attempt at one leaver. */
export function createLeaverHandler(parts: LeaverJobParts): Handler {
  return async (work: Work): Promise<Outcome> => {
    const request = leaverRequest.parse(work.job.request);
    const log = parts.log.child({ jobId: work.job.id, runId: request.runId });
    return offboard(
      {
        request,
        report: readReport(work.job.report),
        requestedAt: work.job.createdAt,
        signal: work.signal,
        save: (saved) => work.save(asJson(saved)),
        adopt: (identity) => work.adopt(identity),
      },
      await assignmentFor(request.workflowId, parts.directory),
      {
        runs: parts.runs,
        exchange: parts.exchangeFor(log, work.signal),
        now: parts.now,
        pause: (ms, signal) => pause(ms, undefined, { signal }),
        log,
      },
    );
  };
}

async function assignmentFor(
  workflowId: string,
  directory: Directory<WorkflowPolicy>,
): Promise<Assignment> {
  const entry = await directory.find(workflowId);
  if (entry === undefined) {
    throw new ServiceError(
      'trelica.workflow-not-found',
      'the workflow of this job is not in the configuration any more',
      { facts: { workflowId } },
    );
  }
  const { action, failureAction, findings } = entry.policy;
  return { action, failureAction, findings, operations: operationsOf(entry.policy) };
}
