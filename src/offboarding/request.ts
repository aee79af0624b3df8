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
  step: z.string().min(1),
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
 * What makes two requests the same work: one run at one step. A request that names only the person
 * has a key of its own until its run is found.
 */
export function keyOf(request: LeaverRequest): string {
  const subject =
    request.runId === undefined ? `person:${request.email ?? ''}` : `run:${request.runId}`;
  return JSON.stringify([request.workflowId, subject, request.step]);
}
