import { z } from 'zod';
import type { CallValue } from '../cmdlets/call.ts';
import { ServiceError } from '../errors.ts';
import type { JudgedFinding } from './findings.ts';
import type { Change } from './operations/operation.ts';
import { iteration } from './request.ts';

/** A value of a cmdlet's parameter; a table changes a list or clears the parameter. */
const parameterValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()),
  z.strictObject({ $type: z.literal('null') }),
  z.strictObject({
    $type: z.literal('change'),
    add: z.array(z.string()),
    remove: z.array(z.string()),
  }),
]);

export const plannedChange = z.object({
  id: z.string(),
  operation: z.string(),
  sentence: z.string(),
  cmdlet: z.string(),
  parameters: z.record(z.string(), parameterValue),
  required: z.boolean(),
  once: z.literal(true).optional(),
  irreversible: z.literal(true).optional(),
});

export const findingShown = z.object({
  code: z.string(),
  severity: z.enum(['stop', 'warn']),
  sentence: z.string(),
});

export const skipShown = z.object({ operation: z.string(), what: z.string(), reason: z.string() });

/**
 * `begun`: the call was about to be made; after a crash nobody knows, and the next reading tells.
 * `unknown`: made, and its answer lost. `retryable`: surely not done, to be tried again. `failed`: refused
 * for good; `code` says how. `skipped`: refused in a way that means "leave it alone".
 */
const changeOutcome = z.enum([
  'begun',
  'done',
  'already',
  'skipped',
  'retryable',
  'failed',
  'unknown',
]);

const changeResult = z.object({
  id: z.string(),
  operation: z.string(),
  sentence: z.string(),
  required: z.boolean(),
  once: z.literal(true).optional(),
  irreversible: z.literal(true).optional(),
  outcome: changeOutcome,
  /** An earlier call of it was made, or may have been, whatever became of the latest. */
  madeBefore: z.literal(true).optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  /** How long Exchange asked to wait. */
  afterMs: z.number().optional(),
  /** How long the call took. */
  ms: z.number().optional(),
  at: z.iso.datetime(),
});

/** By operation; each has a form of its own. */
const seen = z.record(z.string(), z.unknown());

/**
 * What a job has learnt and done so far: saved before and after each change, served by `GET /jobs/{id}`,
 * kept for the auditor. Times are ISO 8601 UTC.
 */
export const report = z.object({
  runId: z.string().optional(),
  /** Title of the step the run waited at, and which time it came to it. */
  step: z.string().optional(),
  iteration: iteration.optional(),
  /** Since when a run that waits was looked for in vain. */
  awaitedSince: z.iso.datetime().optional(),
  person: z.object({ email: z.string(), name: z.string() }).optional(),
  manager: z.string().optional(),
  /** As it was before the first change. */
  mailbox: z
    .object({
      guid: z.string(),
      address: z.string(),
      displayName: z.string(),
      type: z.string(),
    })
    .optional(),
  /** The first plan of the latest attempt. */
  plan: z.array(plannedChange).optional(),
  /** Every change any attempt made, in order; the latest outcome of each. */
  changes: z.array(changeResult),
  findings: z.array(findingShown),
  skipped: z.array(skipShown),
  /** How far a slow scan is. */
  scan: z.object({ operation: z.string(), looked: z.int(), of: z.int() }).optional(),
  /** What was seen before the first change of any attempt, and after the last; by operation. */
  before: seen.optional(),
  after: seen.optional(),
  /** `left`: the required changes that the last reading still asks for. */
  verification: z.object({ verified: z.boolean(), left: z.array(z.string()) }).optional(),
  /** Which signal the outcome calls for: the success action, the failure action, or none. */
  verdict: z.enum(['continue', 'fail', 'none']).optional(),
  /** When the state was last read that the verdict rests on. */
  judgedAt: z.iso.datetime().optional(),
  /** Why the verdict is not `continue`. */
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
  signal: z
    .strictObject({
      action: z.string(),
      /**
       * `owed` is written together with the verdict: from then on it is only delivered. `intended` is written
       * before the call: after a crash it tells that the call may have been made. `not-ours`: the step was
       * left, but by somebody else. `refused`: a person must look; the next attempt begins anew.
       */
      outcome: z.enum(['owed', 'intended', 'confirmed', 'not-ours', 'refused']),
      at: z.iso.datetime(),
    })
    .optional(),
  /** Exchange cmdlet calls of all attempts. */
  exchangeCalls: z.int(),
});
export type Report = z.infer<typeof report>;
export type PlannedChange = z.infer<typeof plannedChange>;
export type ChangeResult = z.infer<typeof changeResult>;

/** A planned change as it is stored and served. */
export function shownChange(change: Change): PlannedChange {
  const { id, operation, sentence, required, once, irreversible, call } = change;
  return {
    id,
    operation,
    sentence,
    cmdlet: call.cmdlet,
    parameters: Object.fromEntries(
      Object.entries(call.parameters).map(([name, value]) => [name, copyOf(value)]),
    ),
    required,
    ...(once === undefined ? {} : { once }),
    ...(irreversible === undefined ? {} : { irreversible }),
  };
}

export function shownFinding(finding: JudgedFinding): z.infer<typeof findingShown> {
  const { code, severity, sentence } = finding;
  return { code, severity, sentence };
}

/** The lists of a call are read-only, those of a report are not. */
function copyOf(value: CallValue): z.infer<typeof parameterValue> {
  if (typeof value !== 'object') {
    return value;
  }
  if (!('$type' in value)) {
    return [...value];
  }
  return value.$type === 'null'
    ? { ...value }
    : { ...value, add: [...value.add], remove: [...value.remove] };
}

/** A stored report, to look at. What a newer program wrote besides is left out; an unreadable one is empty. */
export function readReport(stored: unknown): Report {
  const parsed = report.safeParse(stored);
  return parsed.success ? parsed.data : EMPTY_REPORT;
}

/**
 * A stored report, to go on from. Throws `service.internal` for one that can't be read: it may hold what must
 * not be done twice.
 */
export function resumeReport(stored: unknown): Report {
  const parsed = report.safeParse(stored ?? EMPTY_REPORT);
  if (!parsed.success) {
    throw new ServiceError('service.internal', 'the job has a report that cannot be read', {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/** The report of a job that has not begun. */
export const EMPTY_REPORT: Report = { changes: [], findings: [], skipped: [], exchangeCalls: 0 };
