import { type Facts, ServiceError } from '../errors.ts';
import { factsOf } from './problem.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Answer } from './send.ts';

/**
 * The fault of an answer that no request of ours can be blamed for: too many requests, trouble on the
 * server, a redirect. Undefined for all others.
 */
export function weatherFault(answer: Answer, facts: Facts): ServiceError | undefined {
  const { status } = answer;
  const waitMs = retryAfterMs(answer.headers);
  const details = { facts, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
  if (status === 429) {
    return new ServiceError('trelica.throttled', 'Trelica asks for fewer requests', details);
  }
  if (status >= 500 || status === 408) {
    return new ServiceError('trelica.server-error', 'Trelica has trouble', details);
  }
  if (status >= 300 && status < 400) {
    const message = 'a redirect, which is never followed, instead of an answer from Trelica';
    return new ServiceError('trelica.answer-foreign', message, details);
  }
  return undefined;
}

/** Somebody else answers in Trelica's place: a proxy, a sign-in page, a notice that all is being mended. */
export function foreignAnswer(answer: Answer, facts: Facts): ServiceError {
  const message = 'the answer is not from the API: no JSON';
  return new ServiceError('trelica.answer-foreign', message, {
    facts: { ...facts, ...factsOf(answer) },
  });
}
