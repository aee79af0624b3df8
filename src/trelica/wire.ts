import { z } from 'zod';
import { trelicaId } from '../offboarding/request.ts';

/**
 * What we read of Trelica's answers. Absent and null are alike, unknown members and values pass: the
 * reference promises the first and its own examples show the second.
 */
const text = z.string().nullish();

const person = z.looseObject({
  id: z.unknown().optional(),
  name: text.catch(undefined),
  /** Judged where the person is made of it: a list of addresses must not look like none. */
  email: z.unknown().optional(),
  lineManager: z.looseObject({ email: z.unknown().optional() }).nullish().catch(undefined),
});

const context = z.looseObject({ person: person.nullish().catch(undefined) }).nullish();

/** `label` is the older name of `name`. */
const waitingAction = z.looseObject({ name: text, label: text, href: text });

const runStep = z.looseObject({
  id: z.string(),
  name: text,
  customName: text,
  /** `Waiting`, `Completed`, `Failed` and others. */
  status: text,
  waiting: z.looseObject({ untilDtm: text, actions: z.array(waitingAction).nullish() }).nullish(),
  completed: z.looseObject({ newContext: context }).nullish(),
});

export const wireRun = z.looseObject({
  id: trelicaId,
  name: text,
  status: text,
  deleted: z.boolean().nullish(),
  context,
  /** In the order they were come to; those still ahead are missing. */
  steps: z.array(runStep).nullish(),
});

const workflowStep = z.looseObject({ id: z.string(), name: text, customName: text });

export const wireWorkflow = z.looseObject({
  id: trelicaId,
  name: z.string(),
  deleted: z.boolean().nullish(),
  steps: z.array(workflowStep).nullish(),
});

/** One page of a listing. */
export interface Page<T> {
  readonly next?: string | null | undefined;
  readonly results: readonly T[];
}

export function envelopeOf<T>(item: z.ZodType<T>) {
  return z.looseObject({ next: text, results: z.array(item) });
}

export type WirePerson = z.infer<typeof person>;
export type WireAction = z.infer<typeof waitingAction>;
export type WireRunStep = z.infer<typeof runStep>;
export type WireRun = z.infer<typeof wireRun>;
export type WireWorkflow = z.infer<typeof wireWorkflow>;
