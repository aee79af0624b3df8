import { pino } from 'pino';
import type { WorkflowPolicy } from '../../offboarding/policy.ts';
import { similarTo } from '../../offboarding/section.ts';
import type { Client } from '../../trelica/client.ts';
import { createRuns } from '../../trelica/runs.ts';
import { titled } from '../../trelica/step.ts';
import type { WireWorkflow } from '../../trelica/wire.ts';
import { createWorkflows } from '../../trelica/workflows.ts';
import { bad, badFrom, type Finding, good, skipped } from './finding.ts';

interface Parts {
  readonly client: Client;
  readonly now: () => number;
}

/** One workflow of the configuration, its Signal step, and the actions a waiting run offers there. */
export async function* checkWorkflow(
  policy: WorkflowPolicy,
  existing: readonly WireWorkflow[],
  parts: Parts,
): AsyncGenerator<Finding, void> {
  const named = existing.filter(({ name }) => name === policy.workflow);
  const found = named.length > 0 ? named : existing.filter(({ id }) => id === policy.workflow);
  const [workflow, ...others] = found;
  const what = `Workflow ${policy.workflow}`;
  if (workflow === undefined) {
    const names = existing.map(({ name }) => name);
    const cure = `correct workflows[].workflow${guess(policy.workflow, names)}`;
    yield bad(what, `Trelica has no such workflow; it has ${listed(names)}`, cure);
    return;
  }
  if (others.length > 0) {
    const ids = found.map(({ id }) => id).join(', ');
    yield bad(what, `${found.length} workflows have this name`, `configure the id: one of ${ids}`);
    return;
  }
  yield good(what, workflow.id);
  yield* checkStep(policy, workflow, parts);
}

async function* checkStep(
  policy: WorkflowPolicy,
  workflow: WireWorkflow,
  parts: Parts,
): AsyncGenerator<Finding, void> {
  const what = `Step ${policy.step}`;
  const steps = workflow.steps ?? [];
  if (titled(steps, policy.step).length === 0) {
    const titles = steps.map(({ name, customName }) => customName?.trim() || name || '(no title)');
    const cure = `correct workflows[].step${guess(policy.step, titles)}`;
    yield bad(what, `${workflow.name} has no step of this title; it has ${listed(titles)}`, cure);
    return;
  }
  yield good(what, `in ${workflow.name}`);
  try {
    yield await checkActions(policy, workflow, parts);
  } catch (error) {
    yield badFrom(`Actions of ${policy.step}`, error);
  }
}

/** A workflow's definition does not tell its actions; a run that waits at the step does. */
async function checkActions(
  { step, action, failureAction }: WorkflowPolicy,
  workflow: WireWorkflow,
  { client, now }: Parts,
): Promise<Finding> {
  const what = `Actions of ${step}`;
  const wanted = failureAction === undefined ? [action] : [action, failureAction];
  const log = pino({ level: 'silent' });
  const runs = createRuns({ client, workflows: createWorkflows(client, now), log });
  for await (const run of runs.listWaiting(workflow.id, step)) {
    if (run.step.kind !== 'waiting') {
      continue;
    }
    const offered = run.step.actions.map(({ name }) => name);
    const missing = wanted.filter((name) => !offered.includes(name));
    return missing.length === 0
      ? good(what, offered.join(', '))
      : bad(
          what,
          `the step does not offer ${missing.join(', ')}; it offers ${listed(offered)}`,
          `add the action to the step, or correct workflows[].action or failureAction${guess(missing[0] ?? '', offered)}`,
        );
  }
  return skipped(
    what,
    `no run waits there now; see in Trelica that it offers ${wanted.join(', ')}`,
  );
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => JSON.stringify(name)).join(', ');
}

function guess(word: string, known: readonly string[]): string {
  const near = similarTo(word, known);
  return near === undefined ? '' : `: did you mean ${JSON.stringify(near)}?`;
}
