import { z } from 'zod';
import type { Seeded } from './seeded.ts';
import type { Values } from './values.ts';

/** A fault to order: what goes wrong, with which calls, and how often. */
const target = {
  /** Only calls of this cmdlet. */
  cmdlet: z.string().exactOptional(),
  /** Only calls whose `-Identity`, or else `-Mailbox`, is this text. */
  identity: z.string().exactOptional(),
  /** Only calls about this share of the objects there are, always the same ones: 0.5 is half of them. */
  share: z.number().min(0).max(1).exactOptional(),
  /** Lets this many matching calls pass first. */
  after: z.int().nonnegative().default(0),
  /** How many calls it hits. */
  times: z.int().positive().default(1),
};
const reads = z.int().positive();

const fault = z.discriminatedUnion('kind', [
  /** 429; nothing was done. */
  z.strictObject({
    kind: z.literal('throttled'),
    retryAfterSeconds: z.int().nonnegative().exactOptional(),
    ...target,
  }),
  /** 503; nothing was done. */
  z.strictObject({ kind: z.literal('server-busy'), ...target }),
  /** An error of the given class and text; nothing was done. */
  z.strictObject({
    kind: z.literal('refused'),
    exception: z.string(),
    message: z.string(),
    ...target,
  }),
  /** The identity matches multiple entries; nothing was done. */
  z.strictObject({ kind: z.literal('ambiguous'), ...target }),
  /** The token is not known any more. */
  z.strictObject({ kind: z.literal('session-gone'), ...target }),
  /** It says done, and nothing was done. */
  z.strictObject({ kind: z.literal('nothing-done'), ...target }),
  /** It was done, and can be seen after so many reads only. */
  z.strictObject({ kind: z.literal('late'), reads, ...target }),
  /** A synchronised mailbox is converted, and is what it was again after so many reads. */
  z.strictObject({ kind: z.literal('flip-back'), reads, ...target }),
  /** It was done, and the connection breaks before the answer. */
  z.strictObject({ kind: z.literal('no-answer'), ...target }),
]);
export const faultList = z.array(fault);
export type Fault = z.infer<typeof fault>;
export type FaultOrder = z.input<typeof fault>;

type Kind = Fault['kind'];
type OfKind<K extends Kind> = Extract<Fault, { kind: K }>;

/** At which moment of a call a fault strikes. One of each may hit the same call. */
const MOMENTS = {
  throttled: 'before',
  'server-busy': 'before',
  refused: 'before',
  ambiguous: 'before',
  'session-gone': 'before',
  'nothing-done': 'effect',
  late: 'effect',
  'flip-back': 'effect',
  'no-answer': 'answer',
} as const satisfies Record<Kind, string>;
export const FAULT_KINDS: readonly string[] = Object.keys(MOMENTS);
type Moment = (typeof MOMENTS)[Kind];
type At<M extends Moment> = OfKind<
  { [K in Kind]: (typeof MOMENTS)[K] extends M ? K : never }[Kind]
>;

/** What goes wrong with one call. */
export interface Hits {
  readonly before?: At<'before'>;
  readonly effect?: At<'effect'>;
  readonly answer?: At<'answer'>;
}

interface Order {
  readonly fault: Fault;
  left: number;
  toPass: number;
}

/** The faults on order. A call that is turned away before it began keeps the later ones for the next. */
export class Faults {
  readonly #seeded: Seeded;
  #orders: readonly Order[] = [];

  constructor(seeded: Seeded) {
    this.#seeded = seeded;
  }

  /** Replaces what was on order. */
  order(faults: readonly Fault[]): void {
    this.#orders = faults.map((one) => ({ fault: one, left: one.times, toPass: one.after }));
  }

  /** The faults that hit this call; counts them. */
  take(cmdlet: string, values: Values): Hits {
    const fitting = this.#orders.filter(
      ({ fault: one, left }) => left > 0 && this.#fits(one, cmdlet, values),
    );
    const ready = fitting.filter(({ toPass }) => toPass === 0);
    for (const order of fitting) {
      order.toPass = Math.max(0, order.toPass - 1);
    }
    const [before] = hitting(ready, 'before');
    const chosen = before === undefined ? later(ready) : [before];
    for (const order of chosen) {
      order.left -= 1;
    }
    return Object.fromEntries(chosen.map((one) => [MOMENTS[one.fault.kind], one.fault]));
  }

  #fits(one: Fault, cmdlet: string, values: Values): boolean {
    const object = String(values['Identity'] ?? values['Mailbox'] ?? '').toLowerCase();
    return (
      (one.cmdlet === undefined || one.cmdlet.toLowerCase() === cmdlet.toLowerCase()) &&
      (one.identity === undefined || one.identity.toLowerCase() === object) &&
      (one.share === undefined || this.#seeded.number(`share:${object}`, 1_000) < one.share * 1_000)
    );
  }
}

function hitting(orders: readonly Order[], moment: Moment): readonly Order[] {
  return orders.filter(({ fault: { kind } }) => MOMENTS[kind] === moment).slice(0, 1);
}

function later(orders: readonly Order[]): readonly Order[] {
  return [...hitting(orders, 'effect'), ...hitting(orders, 'answer')];
}
