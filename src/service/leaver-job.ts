import { type Clock, pause } from '../clock.ts';
import { ServiceError } from '../errors.ts';
import { getJob } from '../jobs/get-job.ts';
import type { Handler, Outcome, Work } from '../jobs/runner.ts';
import { ENDED } from '../jobs/states.ts';
import type { Accepted, Job, JobStore, JsonObject, NewJob } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import type { Assignment } from '../offboarding/assignment.ts';
import type { Brakes } from '../offboarding/brakes.ts';
import type { Directory, Entry } from '../offboarding/directory.ts';
import { madeIds } from '../offboarding/made.ts';
import { operationsOf, type WorkflowPolicy } from '../offboarding/policy.ts';
import type { Exchange, Intake, People, Runs } from '../offboarding/ports.ts';
import { offboard } from '../offboarding/process.ts';
import { type Report, readReport, resumeReport } from '../offboarding/report.ts';
import {
  isKeyProvisional,
  jobRequest,
  keyOf,
  type LeaverRequest,
  type UndoRequest,
} from '../offboarding/request.ts';
import { undo } from '../offboarding/undo.ts';

/**
 * Where the queue and the domain meet: the queue knows keys and JSON, the domain knows leavers, and
 * neither knows the other.
 */

/**
 * Puts requests into the queue and wakes whoever works on it. A job that gave up since its run had not come to
 * the step goes on when a sweep sees the run there.
 */
export function createIntake(store: JobStore, wake: () => void, now: () => number): Intake {
  return {
    async accept(request) {
      const lock = request.email === undefined ? {} : { lock: request.email };
      const job = {
        key: keyOf(request),
        isKeyProvisional: isKeyProvisional(request),
        ...lock,
        request: asJson(request),
      };
      const accepted = await put(job, store, wake, now);
      const hasComeAtLast = request.source === 'poll' && gaveUpWaiting(accepted.job);
      if (hasComeAtLast && (await store.retry(accepted.job.id, 'sweep', now()))) {
        wake();
      }
      return answerOf(accepted);
    },
  };
}

function gaveUpWaiting({ state, reason }: Job): boolean {
  return state === 'needs-attention' && reason?.code === 'trelica.step-not-reached';
}

/**
 * Puts a job into the queue that takes back what another one did. Throws `jobs.not-found`, and
 * `jobs.not-undoable` for one that is still at work, has changed nothing, or is an undo itself. A job that was
 * tried again after its undo can be undone again.
 */
export function createUndo(
  store: Pick<JobStore, 'find' | 'accept'>,
  wake: () => void,
  now: () => number,
): (id: string) => ReturnType<Intake['accept']> {
  return async (id) => {
    const job = await getJob(store, id);
    const { person, changes } = readReport(job.report);
    const obstacle = obstacleToUndo(job, changes);
    if (obstacle !== undefined || person === undefined) {
      throw new ServiceError('jobs.not-undoable', obstacle ?? 'the job has changed nothing');
    }
    const request: UndoRequest = { source: 'undo', jobId: id };
    const undoing = { key: undoKeyOf(job), lock: person.email, request: asJson(request) };
    return answerOf(await put(undoing, store, wake, now));
  };
}

/** One undo for what a job did until it ended; what it does when it is tried again is another matter. */
function undoKeyOf({ id, startedAt = 0 }: Job): string {
  return JSON.stringify(['undo', id, startedAt]);
}

function obstacleToUndo(job: Job, changes: Report['changes']): string | undefined {
  if (jobRequest.parse(job.request).source === 'undo') {
    return 'an undo is not undone; let the workflow ask again instead';
  }
  if (!ENDED.includes(job.state)) {
    return `the job is ${job.state}`;
  }
  return madeIds(changes).size === 0 ? 'the job has changed nothing' : undefined;
}

async function put(
  job: NewJob,
  store: Pick<JobStore, 'accept'>,
  wake: () => void,
  now: () => number,
): Promise<Accepted> {
  const accepted = await store.accept(job, now());
  wake();
  return accepted;
}

function answerOf({ job, duplicate }: Accepted): Awaited<ReturnType<Intake['accept']>> {
  return { jobId: job.id, status: job.state, duplicate };
}

/** As it would come back from the store: optional members that are undefined are gone. */
function asJson(value: LeaverRequest | UndoRequest | Report): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

export interface LeaverJobParts {
  readonly jobs: Pick<JobStore, 'find'>;
  readonly directory: Directory<WorkflowPolicy>;
  readonly runs: Runs;
  readonly people: People | undefined;
  readonly exchangeFor: (log: Logger, signal: AbortSignal) => Exchange;
  readonly brakes: Brakes;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Two jobs must not change one mailbox in turns, nor one signal what the other has taken back. */
const TRIED_AGAIN = {
  code: 'tried-again',
  message:
    'the job was tried again after this undo was asked for; ask for it again if it is still wanted',
};

/** What the queue does with a job: one attempt at one leaver, or at taking back what another job did. */
export function createLeaverHandler(parts: LeaverJobParts): Handler {
  return async (work: Work): Promise<Outcome> => {
    const request = jobRequest.parse(work.job.request);
    const attempt = {
      report: resumeReport(work.job.report),
      signal: work.signal,
      cancel: work.cancel,
      save: (saved: Report) => work.save(asJson(saved)),
    };
    if (request.source === 'undo') {
      const log = parts.log.child({ jobId: work.job.id, undoes: request.jobId });
      const original = await getJob(parts.jobs, request.jobId);
      if (undoKeyOf(original) !== work.job.key) {
        return { kind: 'superseded', reason: TRIED_AGAIN };
      }
      return undo(attempt, resumeReport(original.report), toolsFor(work, log, parts));
    }
    const log = parts.log.child({ jobId: work.job.id, runId: request.runId });
    return offboard(
      {
        ...attempt,
        request,
        since: work.job.startedAt ?? 0,
        adopt: (identity) => work.adopt(identity),
        pass: (limits) => work.pass(limits),
      },
      await assignmentsFor(request, parts.directory),
      { ...toolsFor(work, log, parts), runs: parts.runs, people: parts.people },
    );
  };
}

function toolsFor({ signal }: Work, log: Logger, parts: LeaverJobParts) {
  const { brakes, exchangeFor, clock } = parts;
  return {
    brakes,
    exchange: exchangeFor(log, signal),
    now: () => clock.now(),
    pause: (ms: number, aborted: AbortSignal) => pause(clock, ms, aborted),
    log,
  };
}

/** One for each configured step the request may mean; at least one. */
export async function assignmentsFor(
  { workflowId, step }: Pick<LeaverRequest, 'workflowId' | 'step'>,
  directory: Directory<WorkflowPolicy>,
): Promise<readonly [Assignment, ...Assignment[]]> {
  const [first, ...others] = (await directory.find(workflowId, step)).map(assignmentOf);
  if (first === undefined) {
    throw new ServiceError(
      'trelica.workflow-not-found',
      'the workflow or step of this job is not in the configuration any more',
      { facts: { workflowId, step } },
    );
  }
  return [first, ...others];
}

function assignmentOf({ policy }: Entry<WorkflowPolicy>): Assignment {
  const { step, action, failureAction, findings } = policy;
  return { step, action, failureAction, findings, operations: operationsOf(policy) };
}
