import type { MemberState } from './member.ts';

/** What deciding needs to know of one session. */
export interface Seat {
  readonly state: MemberState;
  /** Why it is to be replaced, once a successor is there. */
  readonly due: string | undefined;
  /** Idle for so long that it may go without a successor. */
  readonly isSurplus: boolean;
}

export interface PoolView<M extends Seat> {
  readonly members: readonly M[];
  /** Callers in line. */
  readonly waiting: number;
  /** Sessions to keep ready, and at most. */
  readonly minimum: number;
  readonly maximum: number;
  /** How many may work at the same time: fewer than the maximum while the other side throttles. */
  readonly allowed: number;
  readonly mayStart: boolean;
}

export type Step<M> =
  | { readonly kind: 'lease'; readonly member: M }
  /** End it: now if it is idle, after its command if it is busy. */
  | { readonly kind: 'retire'; readonly member: M; readonly reason: string }
  | { readonly kind: 'start' };

/**
 * The pool's one decision: what to do next, undefined if all is as it should be. Pure; asked again after
 * each step. A session that is due serves on until its successor is ready, so that nobody waits for a
 * replacement; during the handover there may be one session more than the maximum.
 */
export function nextStep<M extends Seat>(view: PoolView<M>): Step<M> | undefined {
  return retirement(view) ?? lease(view) ?? start(view);
}

function retirement<M extends Seat>(view: PoolView<M>): Step<M> | undefined {
  const { members, waiting, minimum, maximum } = view;
  const serving = members.filter(isServing);
  const isCrowded = serving.length > maximum;
  const due = serving.find((member) => member.due !== undefined);
  if (due?.due !== undefined && fresh(members) >= minimum && (waiting === 0 || isCrowded)) {
    return { kind: 'retire', member: due, reason: due.due };
  }
  const surplus = serving.find((member) => member.state === 'idle' && member.isSurplus);
  return surplus !== undefined && waiting === 0 && serving.length > minimum
    ? { kind: 'retire', member: surplus, reason: 'not needed' }
    : undefined;
}

function lease<M extends Seat>({ members, waiting, allowed }: PoolView<M>): Step<M> | undefined {
  const idle = members.filter(({ state }) => state === 'idle');
  const member = idle.find(({ due }) => due === undefined) ?? idle[0];
  const working = members.filter(({ state }) => state === 'busy' || state === 'draining').length;
  return member !== undefined && waiting > 0 && working < allowed
    ? { kind: 'lease', member }
    : undefined;
}

/** One at a time: several shells that start at once only slow each other down. */
function start<M extends Seat>(view: PoolView<M>): Step<M> | undefined {
  const { members, waiting, minimum, maximum, allowed, mayStart } = view;
  const serving = members.filter(isServing);
  const isHandover = serving.some(({ due }) => due !== undefined);
  const isStarting = members.some(({ state }) => state === 'starting' || state === 'connecting');
  const hasRoom = members.length < maximum + (isHandover ? 1 : 0);
  const isNeeded =
    fresh(members) < minimum || (waiting > 0 && (serving.length < allowed || isHandover));
  return mayStart && !isStarting && hasRoom && isNeeded ? { kind: 'start' } : undefined;
}

function isServing({ state }: Seat): boolean {
  return state === 'idle' || state === 'busy';
}

function fresh(members: readonly Seat[]): number {
  return members.filter((member) => isServing(member) && member.due === undefined).length;
}
