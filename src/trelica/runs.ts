import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Run, RunSearch, Runs } from '../offboarding/ports.ts';
import { actionsOf } from './actions.ts';
import type { Client } from './client.ts';
import { PAGE_LIMIT, readPages } from './pages.ts';
import { personOf } from './person.ts';
import { fireSignal } from './signal.ts';
import {
  decisive,
  iterationsOf,
  type Occurrence,
  occurrencesOf,
  sameIteration,
  stateOf,
  titled,
} from './step.ts';
import { envelopeOf, type WireRun, type WireWorkflow, wireRun } from './wire.ts';
import type { WorkflowCatalogue } from './workflows.ts';

export interface TrelicaRuns extends Runs {
  /**
   * The runs of a workflow that wait at the step now, each once; one that waits in several rounds of a loop
   * once for each. Throws `trelica.*`.
   */
  listWaiting(workflowId: string, step: string): AsyncGenerator<Run, void>;
}

export interface RunParts {
  readonly client: Client;
  readonly workflows: WorkflowCatalogue;
  readonly log: Logger;
}

/** The runs of Trelica, seen from the step with a given title. */
export function createRuns(parts: RunParts): TrelicaRuns {
  const { client } = parts;
  const listWaiting = (workflowId: string, title: string) => waitingRuns(workflowId, title, parts);
  return {
    listWaiting,
    search: async (workflowId, email, title) => {
      const found: Run[] = [];
      for await (const run of listWaiting(workflowId, title)) {
        if (run.person?.email === email) {
          found.push(run);
        }
      }
      return only(found);
    },
    async read(workflowId, runId, title, iteration) {
      const url = client.endpoints.run(workflowId, runId);
      const workflow = await parts.workflows.define(workflowId);
      const answer = await client.find(url, runAnswer);
      const run = answer?.find(({ id }) => id === runId);
      if (run === undefined) {
        throw runNotFound(workflowId, runId, answer?.length ?? 0);
      }
      const occurrences = occurrencesIn(run, workflow, title);
      const ours =
        iteration === undefined ? decisive(occurrences) : sameIteration(occurrences, iteration);
      return viewOf(run, workflow, ours, parts);
    },
    fire: (_run, action) => fireSignal(client, action),
  };
}

/** The reference shows a page of a listing as the answer to "get a run"; both are accepted. */
const runAnswer = z.union([
  envelopeOf(wireRun).transform(({ results }) => results),
  wireRun.transform((run) => [run]),
]);

async function* waitingRuns(
  workflowId: string,
  title: string,
  parts: RunParts,
): AsyncGenerator<Run, void> {
  const workflow = await parts.workflows.define(workflowId);
  const steps = titled(workflow.steps ?? [], title);
  if (steps.length === 0) {
    throw stepNotFound(workflow, title);
  }
  const seen = new Set<string>();
  for (const step of steps) {
    const query = { filter: waitingAt(step.id), limit: PAGE_LIMIT };
    const url = parts.client.endpoints.runs(workflowId, query);
    for await (const wire of readPages(parts.client, url, wireRun)) {
      for (const occurrence of seen.has(wire.id) ? [] : occurrencesIn(wire, workflow, title)) {
        const run = viewOf(wire, workflow, occurrence, parts);
        if (run.step.kind === 'waiting') {
          seen.add(wire.id);
          yield run;
        }
      }
    }
  }
}

/** The form the vendor's own pollers use, and so the one that surely works. */
function waitingAt(stepId: string): string {
  return `status ne "Terminated" and steps[status eq "Waiting" and id eq ${JSON.stringify(stepId)}]`;
}

/** Throws `trelica.step-not-found` if neither the run nor the workflow has a step with this title. */
function occurrencesIn(
  wire: WireRun,
  workflow: WireWorkflow,
  title: string,
): readonly Occurrence[] {
  const steps = occurrencesOf(wire, workflow, title);
  if (steps.length === 0 && titled(workflow.steps ?? [], title).length === 0) {
    throw stepNotFound(workflow, title);
  }
  return iterationsOf(steps);
}

function viewOf(
  wire: WireRun,
  workflow: WireWorkflow,
  occurrence: Occurrence | undefined,
  parts: RunParts,
): Run {
  const step = occurrence?.step;
  const ids = { workflowId: workflow.id, runId: wire.id };
  const actions = step === undefined ? [] : actionsOf(step, ids, parts);
  return {
    ...ids,
    ...personOf(wire, step),
    stepId: step?.id,
    iteration: occurrence?.iteration,
    step: stateOf(wire, occurrence, actions),
  };
}

function only([run, ...others]: readonly Run[]): RunSearch {
  if (run === undefined) {
    return { kind: 'none' };
  }
  return others.length === 0
    ? { kind: 'found', run }
    : { kind: 'several', count: others.length + 1 };
}

/** `others`: how many runs the answer held instead of the one asked for. */
function runNotFound(workflowId: string, runId: string, others: number): ServiceError {
  return new ServiceError('trelica.run-not-found', 'the workflow has no run with this id', {
    facts: { workflowId, runId, others },
  });
}

function stepNotFound(workflow: WireWorkflow, title: string): ServiceError {
  const message = `the workflow ${workflow.name} has no step with the title ${title}`;
  return new ServiceError('trelica.step-not-found', message, {
    facts: { workflowId: workflow.id, step: title },
  });
}
