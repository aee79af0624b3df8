import type { StepState, WaitingAction } from '../offboarding/ports.ts';
import type { Iteration } from '../offboarding/request.ts';
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

/** Our step in a run, in one iteration. */
export interface Occurrence {
  readonly iteration: Iteration;
  /** Undefined if the run shows a later one in its place: this one was left. */
  readonly step: WireRunStep | undefined;
}

/** All of them, each with the iteration it is. */
export function iterationsOf(steps: readonly WireRunStep[]): readonly Occurrence[] {
  return steps.map((step, index) => {
    const id = iterationIdOf(step);
    return { step, iteration: { number: index + 1, ...(id === undefined ? {} : { id }) } };
  });
}

/** The occurrence that counts where none is named: the one that waits, else the latest. */
export function decisive(occurrences: readonly Occurrence[]): Occurrence | undefined {
  return occurrences.findLast(({ step }) => is(step, 'waiting')) ?? occurrences.at(-1);
}

/**
 * An iteration that was seen before. By its id where it still has one, else by its place: an id is part of
 * the links of a waiting step, and gone with them. Never another one: what follows may be a signal.
 */
export function sameIteration(
  occurrences: readonly Occurrence[],
  iteration: Iteration,
): Occurrence | undefined {
  const { id, number } = iteration;
  const named = occurrences.find((one) => id !== undefined && one.iteration.id === id);
  const placed = occurrences[number - 1];
  const isOther = (one: Occurrence) => one.iteration.id !== undefined && one.iteration.id !== id;
  if (named !== undefined || (placed !== undefined && !isOther(placed))) {
    return named ?? placed;
  }
  return occurrences.length > 0 ? { iteration, step: undefined } : undefined;
}

/** https://www.1password.dev/api-reference/workflows/fire-a-signal: a query parameter of the action's link. */
function iterationIdOf(step: WireRunStep): string | undefined {
  const links = (step.waiting?.actions ?? []).map(({ href }) => href ?? '');
  const ids = links.flatMap((href) => {
    const id = URL.parse(href, 'https://any.invalid')?.searchParams.get('iterationId');
    return id ? [id] : [];
  });
  return ids[0];
}

/** A run in one of these states is over, even if a step of it still says that it waits. */
const CUT_OFF = ['terminated', 'cancelled', 'canceled'];
/** A run in one of these states comes to no further step. */
const FINISHED = ['failed', 'completed'];

/** `occurrence` is our step in the run, undefined if the run has not come to it. */
export function stateOf(
  run: WireRun,
  occurrence: Pick<Occurrence, 'step'> | undefined,
  actions: readonly WaitingAction[],
): StepState {
  const step = occurrence?.step;
  if (is(step, 'completed') || (occurrence !== undefined && step === undefined)) {
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
