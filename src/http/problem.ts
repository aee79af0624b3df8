import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ERRORS, type ErrorCode, ServiceError } from '../errors.ts';

/** RFC 9457. `code` is the same as in logs, jobs and docs/errors.md. */
export const problem = z
  .strictObject({
    type: z.string().meta({ description: 'The kind of problem, as a URN.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: 'Error code; see docs/errors.md.' }),
    instance: z.string().optional().meta({ description: 'Id of the request, for the logs.' }),
    errors: z
      .array(z.strictObject({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong where. Never repeats a value.' }),
  })
  .meta({ id: 'Problem', description: 'A problem as of RFC 9457.' });
export type Problem = z.infer<typeof problem>;

export const PROBLEM_TYPE = 'application/problem+json';

const STATUS: Partial<Record<ErrorCode, readonly [status: number, title: string]>> = {
  'http.invalid-request': [400, 'The request is not valid'],
  'http.unauthorized': [401, 'A valid bearer token is needed'],
  'http.not-found': [404, 'There is nothing here'],
  'trelica.run-not-found': [404, 'The workflow has no such run'],
  'trelica.person-unknown': [422, 'The run has no person with an e-mail address'],
  'jobs.not-found': [404, 'There is no such job'],
  'jobs.not-retryable': [409, 'The job cannot be tried again'],
  'jobs.not-cancellable': [409, 'The job cannot be cancelled'],
  'jobs.not-held': [409, 'The job is not held'],
  'jobs.not-undoable': [409, 'The job cannot be undone'],
  'http.method-not-allowed': [405, 'This method is not allowed here'],
  'http.timed-out': [408, 'The request took too long'],
  'http.payload-too-large': [413, 'The body is too large'],
  'http.unsupported-media-type': [415, 'The body must be application/json'],
  'http.unknown-workflow': [422, 'The workflow is not in the configuration'],
  'http.too-many-requests': [429, 'Too many requests'],
  'jobs.backup-failed': [503, 'The copy could not be made'],
  'http.headers-too-large': [431, 'The header is too large'],
};

/** Codes of Fastify's own errors (fastify/docs/Reference/Errors.md) and what they are to us. */
const FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'http.payload-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'http.unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'http.invalid-request',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'http.invalid-request',
  FST_ERR_BAD_URL: 'http.invalid-request',
  FST_ERR_MAX_PARAM_LENGTH: 'http.not-found',
  FST_ERR_NOT_FOUND: 'http.not-found',
  FST_ERR_HANDLER_TIMEOUT: 'http.unavailable',
};

/** A problem with its code's status and title; the detail must hold nothing secret. */
export function problemOf(code: ErrorCode, detail: string, instance?: string): Problem {
  const [status, title] = STATUS[code] ?? statusOfOther(code);
  return {
    type: `urn:exo-bridge:problem:${code}`,
    title,
    status,
    detail,
    code,
    ...(instance === undefined ? {} : { instance }),
  };
}

/** What a caller may know of a failure: its own mistakes in full, ours only as a code. */
export function problemFrom(error: unknown, instance: string): Problem {
  if (error instanceof ServiceError) {
    const isTheirs = error.code.startsWith('http.') || error.code in STATUS;
    const detail = isTheirs ? error.message : 'the request could not be served now';
    return problemOf(error.code, detail, instance);
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message }) => ({
      path: instancePath === '' ? '/' : instancePath,
      message: message ?? 'not valid',
    }));
    const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
    return { ...problemOf('http.invalid-request', detail, instance), errors };
  }
  const code = codeOfFrameworkError(error);
  return code === undefined
    ? problemOf('service.internal', 'the request could not be served', instance)
    : problemOf(code, STATUS[code]?.[1] ?? 'not possible', instance);
}

function codeOfFrameworkError(error: unknown): ErrorCode | undefined {
  const { code = '', statusCode = 500 } = (error ?? {}) as Partial<FastifyError>;
  const isTheirs = code.startsWith('FST_ERR_') && statusCode < 500;
  return FRAMEWORK[code] ?? (isTheirs ? 'http.invalid-request' : undefined);
}

/** An outage behind us is worth a later try; anything else is our fault. */
function statusOfOther(code: ErrorCode): readonly [number, string] {
  const isOutage =
    code === 'http.unavailable' ||
    code === 'service.stopping' ||
    code.startsWith('trelica.') ||
    ERRORS[code].retry === 'outage';
  return isOutage ? [503, 'The service cannot do this now'] : [500, 'The service failed'];
}
