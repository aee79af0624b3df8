import { z } from 'zod';
import { parseAddress } from './address.ts';

/** Ids of workflows and runs become parts of URLs: letters, digits, `-` and `_` only. */
export const trelicaId = z
  .string()
  .trim()
  .regex(
    /^[A-Za-z0-9_-]{1,64}$/,
    'up to 64 letters, digits, - and _ (a merge field that was not filled in?)',
  );

/** Which time a run came to a step: a loop comes to it several times. */
export const iteration = z.strictObject({
  /** From 1, in the order in which the run shows them. */
  number: z.int().min(1),
  /** As Trelica calls it; only while the step waits, and only in loops. */
  id: z.string().min(1).max(256).optional(),
});
export type Iteration = z.infer<typeof iteration>;

/**
 * What a job is asked to do: which workflow, and which of its runs, if that is known already, else
 * whose. Stored with the job; everything else is read again when the work begins.
 */
export const leaverRequest = z.strictObject({
  workflowId: trelicaId,
  runId: trelicaId.optional(),
  email: z
    .string()
    .refine((text) => parseAddress(text) === text)
    .optional(),
  /** Left out where several steps of the workflow are configured: the run tells which one waits. */
  step: z.string().min(1).optional(),
  /** Only where it tells something: within a loop. */
  iteration: iteration.optional(),
  source: z.enum(['webhook', 'poll']),
});
export type LeaverRequest = z.infer<typeof leaverRequest>;

/** What a job is asked to do that takes back what another one did. */
export const undoRequest = z.strictObject({
  source: z.literal('undo'),
  /** Id of the other job. */
  jobId: z.string().min(1),
});
export type UndoRequest = z.infer<typeof undoRequest>;

export const jobRequest = z.discriminatedUnion('source', [leaverRequest, undoRequest]);

/**
 * What makes two requests the same work: one run at one step, in one round of a loop. A request that names
 * only the person, or no step, has a key of its own until its run is found.
 */
export function keyOf(request: LeaverRequest): string {
  const { workflowId, runId, email = '', step = null } = request;
  const subject = runId === undefined ? `person:${email}` : `run:${runId}`;
  return JSON.stringify([workflowId, subject, step, ...roundOf(request.iteration)]);
}

/** Whether the key stands for the work only until its run and step are found. */
export function isKeyProvisional({ runId, step }: LeaverRequest): boolean {
  return runId === undefined || step === undefined;
}

/** The first round of what may be no loop at all says nothing: whoever asked by the run alone meant it. */
export function roundOf(iteration: Iteration | undefined): readonly string[] {
  const { number = 1, id } = iteration ?? {};
  return id === undefined ? (number === 1 ? [] : [`#${number}`]) : [id];
}
