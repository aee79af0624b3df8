import { z } from 'zod';

/** A fault to order: what goes wrong, with which calls, and how often. */
const target = {
  /** Only calls of this cmdlet. */
  cmdlet: z.string().exactOptional(),
  /** Only calls whose `-Identity` is this text. */
  identity: z.string().exactOptional(),
  /** Lets this many matching calls pass first. */
  after: z.int().nonnegative().default(0),
  /** How many calls it hits. */
  times: z.int().positive().default(1),
};
const fault = z.discriminatedUnion('kind', [
  /** 429; nothing was done. */
  z.strictObject({
    kind: z.literal('throttled'),
    retryAfterSeconds: z.int().nonnegative().exactOptional(),
    ...target,
  }),
  /** 503; nothing was done. */
  z.strictObject({ kind: z.literal('server-busy'), ...target }),
  /** It was done, and the connection breaks before the answer. */
  z.strictObject({ kind: z.literal('no-answer'), ...target }),
  /** It says done, and nothing was done. */
  z.strictObject({ kind: z.literal('nothing-done'), ...target }),
  /** An error of the given class and text; nothing was done. */
  z.strictObject({
    kind: z.literal('refused'),
    exception: z.string(),
    message: z.string(),
    ...target,
  }),
  /** The token is not known any more. */
  z.strictObject({ kind: z.literal('session-gone'), ...target }),
]);
export const faultList = z.array(fault);
export type Fault = z.infer<typeof fault>;
export type FaultOrder = z.input<typeof fault>;

/** The faults on order. A call is hit by at most one, the first that fits. */
export class Faults {
  #orders: { fault: Fault; left: number; toPass: number }[] = [];

  /** Replaces what was on order. */
  order(faults: readonly Fault[]): void {
    this.#orders = faults.map((one) => ({ fault: one, left: one.times, toPass: one.after }));
  }

  /** The fault that hits this call, if any; counts it. */
  take(cmdlet: string, identity: unknown): Fault | undefined {
    const fitting = this.#orders.filter(
      ({ fault: one, left }) =>
        left > 0 &&
        (one.cmdlet === undefined || one.cmdlet.toLowerCase() === cmdlet.toLowerCase()) &&
        (one.identity === undefined ||
          one.identity.toLowerCase() === String(identity).toLowerCase()),
    );
    const hitting = fitting.find(({ toPass }) => toPass === 0);
    for (const order of fitting) {
      order.toPass = Math.max(0, order.toPass - 1);
    }
    if (hitting !== undefined) {
      hitting.left -= 1;
    }
    return hitting?.fault;
  }
}
