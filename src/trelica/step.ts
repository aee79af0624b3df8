import type { StepState, WaitingAction } from '../offboarding/ports.ts';
import type { WireRun, WireRunStep, WireWorkflow } from './wire.ts';

interface Titled {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly customName?: string | null | undefined;
}

/**
 * The steps with this title. The title an administrator gave (`customName`) counts before the stock
 * title of the step's type (`name`), which other steps of the type share.
 */
export function titled<S extends Titled>(steps: readonly S[], title: string): readonly S[] {
  const own = steps.filter((step) => step.customName?.trim() === title);
  const stock = steps.filter((step) => step.name?.trim() === title);
  const stockOnly = stock.filter((step) => !step.customName?.trim());
  return [own, stockOnly, stock].find((some) => some.length > 0) ?? [];
}

/**
 * Every occurrence of our step in a run (a loop comes to it several times). A step the workflow has is
 * told by its id; one it no longer has, since the workflow was edited, by its title in the run.
 */
export function occurrencesOf(
  run: WireRun,
  workflow: WireWorkflow,
  title: string,
): readonly WireRunStep[] {
  const defined = workflow.steps ?? [];
  const steps = run.steps ?? [];
  const ids = new Set(titled(defined, title).map((step) => step.id));
  const unknown = steps.filter((step) => !defined.some(({ id }) => id === step.id));
  const lost = new Set(titled(unknown, title));
  return steps.filter((step) => ids.has(step.id) || lost.has(step));
}

/** The occurrence that counts: the one that waits, else the latest. */
export function decisive(steps: readonly WireRunStep[]): WireRunStep | undefined {
  return steps.findLast((step) => is(step, 'waiting')) ?? steps.at(-1);
}

/** A run in one of these states is over, even if a step of it still says that it waits. */
const CUT_OFF = ['terminated', 'cancelled', 'canceled'];
/** A run in one of these states comes to no further step. */
const FINISHED = ['failed', 'completed'];

/** `step` is our step in the run, undefined if the run has not come to it. */
export function stateOf(
  run: WireRun,
  step: WireRunStep | undefined,
  actions: readonly WaitingAction[],
): StepState {
  if (is(step, 'completed')) {
    return { kind: 'completed' };
  }
  if (run.deleted === true || is(run, ...CUT_OFF)) {
    return { kind: 'ended', status: run.deleted === true ? 'Deleted' : (run.status ?? '') };
  }
  if (is(step, 'waiting')) {
    const untilDtm = step?.waiting?.untilDtm;
    return { kind: 'waiting', actions, ...(untilDtm ? { untilDtm } : {}) };
  }
  if (is(step, 'failed')) {
    return { kind: 'ended', status: 'Failed' };
  }
  return is(run, ...FINISHED)
    ? { kind: 'ended', status: run.status ?? '' }
    : { kind: 'not-reached' };
}

function is(
  what: { readonly status?: string | null | undefined } | undefined,
  ...states: readonly string[]
): boolean {
  return states.includes(what?.status?.toLowerCase() ?? '');
}
