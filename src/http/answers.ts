import { z } from 'zod';
import { PROBLEM_TYPE, problem } from './problem.ts';

const DESCRIPTIONS = {
  400: 'The request is not valid.',
  401: 'No valid bearer token.',
  404: 'There is no such thing.',
  409: 'Its state forbids it.',
  413: 'The body is too large.',
  415: 'The body is not application/json.',
  422: 'The workflow is not in the configuration.',
  429: 'Too many requests.',
  500: 'The service failed.',
  503: 'The service cannot do this now; try again later.',
} as const;
type ProblemStatus = keyof typeof DESCRIPTIONS;

/** The answer of a route that makes a job. */
export const accepted = z.strictObject({
  jobId: z.string(),
  status: z.string().meta({ description: 'State of the job now.' }),
  duplicate: z.boolean().meta({ description: 'True if this work was accepted before.' }),
});

/** The answers of a route: its own, and the problems it may come to. */
export function answers<S extends number, T extends z.ZodType>(
  status: S,
  description: string,
  schema: T,
  problems: readonly ProblemStatus[],
  type = 'application/json',
) {
  const described = problems.map((one) => [
    one,
    { description: DESCRIPTIONS[one], content: { [PROBLEM_TYPE]: { schema: problem } } },
  ]);
  return {
    [status]:
      type === 'application/json'
        ? schema.describe(description)
        : { description, content: { [type]: { schema } } },
    ...Object.fromEntries(described),
  } as Record<S, T>;
}
