import { z } from 'zod';

const plannedChange = z.object({
  id: z.string(),
  operation: z.string(),
  sentence: z.string(),
  cmdlet: z.string(),
  parameters: z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())])),
  required: z.boolean(),
});

/**
 * `begun`: the call was about to be made; after a crash nobody knows, and the next reading tells.
 * `unknown`: made, and its answer lost. `failed`: refused; `code` says how. `skipped`: refused in a way
 * that means "leave it alone".
 */
const changeOutcome = z.enum(['begun', 'done', 'already', 'skipped', 'failed', 'unknown']);

const changeResult = z.object({
  id: z.string(),
  operation: z.string(),
  sentence: z.string(),
  required: z.boolean(),
  outcome: changeOutcome,
  code: z.string().optional(),
  message: z.string().optional(),
  at: z.iso.datetime().optional(),
});

const seen = z.record(
  z.string(),
  z.record(z.string(), z.union([z.string(), z.boolean(), z.array(z.string())])),
);

/**
 * What a job has learnt and done so far: saved before and after each change, served by `GET /jobs/{id}`,
 * kept for the auditor. Times are ISO 8601 UTC.
 */
export const report = z.object({
  runId: z.string().optional(),
  person: z.object({ email: z.string(), name: z.string() }).optional(),
  manager: z.string().optional(),
  /** The first plan of the latest attempt. */
  plan: z.array(plannedChange).optional(),
  /** Every change any attempt made, in order; the latest outcome of each. */
  changes: z.array(changeResult),
  findings: z.array(
    z.object({
      code: z.string(),
      severity: z.enum(['stop', 'warn', 'info']),
      sentence: z.string(),
    }),
  ),
  skipped: z.array(z.object({ operation: z.string(), what: z.string(), reason: z.string() })),
  /** What was seen before the first change of any attempt, and after the last; by operation. */
  before: seen.optional(),
  after: seen.optional(),
  /** `left`: the required changes that the last reading still asks for. */
  verification: z.object({ verified: z.boolean(), left: z.array(z.string()) }).optional(),
  /** Which signal the outcome calls for: the success action, the failure action, or none. */
  verdict: z.enum(['continue', 'fail', 'none']).optional(),
  signal: z
    .strictObject({
      action: z.string(),
      /**
       * `intended` is written before the call: after a crash it tells that the call may have been made.
       * `not-ours`: the step was left, but by somebody else.
       */
      outcome: z.enum(['intended', 'confirmed', 'not-ours']),
      at: z.iso.datetime(),
    })
    .optional(),
  /** Exchange cmdlet calls of all attempts. */
  exchangeCalls: z.int(),
});
export type Report = z.infer<typeof report>;
export type ChangeResult = z.infer<typeof changeResult>;

/**
 * A stored report. What a newer program wrote besides is left out; one that can't be read at all counts as
 * empty, since state and run are read again anyway.
 */
export function readReport(stored: unknown): Report {
  const parsed = report.safeParse(stored);
  return parsed.success ? parsed.data : EMPTY_REPORT;
}

/** The report of a job that has not begun. */
export const EMPTY_REPORT: Report = { changes: [], findings: [], skipped: [], exchangeCalls: 0 };
