/**
 * Every failure this service can name. `retry` says what a job does with it:
 * `never` (a person must act), `limited` (a few more attempts), `outage` (the other side is down or
 * not set up right: keep waiting, however long, because nothing accepted may be lost).
 * Meaning and cure of each code: docs/errors.md (a test keeps the two lists equal).
 */
export const ERRORS = {
  'config.invalid': { retry: 'never' },
  'config.unreadable': { retry: 'never' },
  'certificate.unreadable': { retry: 'outage' },
  'certificate.no-key': { retry: 'outage' },
  'certificate.expired': { retry: 'outage' },
  'certificate.not-written': { retry: 'never' },
  'notices.not-delivered': { retry: 'limited' },
  'service.internal': { retry: 'limited' },
  'service.stopping': { retry: 'limited' },

  'http.invalid-request': { retry: 'never' },
  'http.unauthorized': { retry: 'never' },
  'http.not-found': { retry: 'never' },
  'http.method-not-allowed': { retry: 'never' },
  'http.unknown-workflow': { retry: 'never' },
  'http.payload-too-large': { retry: 'never' },
  'http.headers-too-large': { retry: 'never' },
  'http.timed-out': { retry: 'limited' },
  'http.unsupported-media-type': { retry: 'never' },
  'http.too-many-requests': { retry: 'limited' },
  'http.unavailable': { retry: 'limited' },

  'jobs.not-found': { retry: 'never' },
  'jobs.not-retryable': { retry: 'never' },
  'jobs.not-undoable': { retry: 'never' },
  'jobs.not-cancellable': { retry: 'never' },
  'jobs.not-held': { retry: 'never' },
  'jobs.cancelled': { retry: 'never' },
  'jobs.poisoned': { retry: 'never' },
  'jobs.store-unusable': { retry: 'outage' },
  'jobs.store-damaged': { retry: 'never' },
  'jobs.backup-failed': { retry: 'limited' },

  'trelica.unreachable': { retry: 'outage' },
  'trelica.credentials-refused': { retry: 'outage' },
  'trelica.forbidden': { retry: 'outage' },
  'trelica.throttled': { retry: 'outage' },
  'trelica.server-error': { retry: 'outage' },
  'trelica.answer-foreign': { retry: 'outage' },
  'trelica.answer-invalid': { retry: 'limited' },
  'trelica.foreign-link': { retry: 'limited' },
  'trelica.request-refused': { retry: 'never' },
  'trelica.workflow-not-found': { retry: 'never' },
  'trelica.workflow-ambiguous': { retry: 'never' },
  'trelica.run-not-found': { retry: 'never' },
  'trelica.run-ambiguous': { retry: 'never' },
  'trelica.step-not-found': { retry: 'never' },
  'trelica.step-not-reached': { retry: 'never' },
  'trelica.step-expired': { retry: 'never' },
  'trelica.action-not-offered': { retry: 'never' },
  'trelica.person-unknown': { retry: 'never' },
  'trelica.signal-unconfirmed': { retry: 'limited' },

  'powershell.not-installed': { retry: 'outage' },
  'powershell.start-failed': { retry: 'outage' },
  'powershell.session-lost': { retry: 'limited' },
  'powershell.timed-out': { retry: 'limited' },
  'powershell.cancelled': { retry: 'limited' },
  'powershell.protocol-violated': { retry: 'limited' },
  'powershell.value-refused': { retry: 'never' },
  'powershell.command-refused': { retry: 'never' },
  'powershell.answer-too-large': { retry: 'never' },
  'powershell.overloaded': { retry: 'outage' },
  'powershell.unavailable': { retry: 'outage' },

  'exchange.sign-in-refused': { retry: 'outage' },
  'exchange.module-missing': { retry: 'outage' },
  'exchange.module-unsuitable': { retry: 'outage' },
  'exchange.identity-refused': { retry: 'never' },
  'exchange.answer-invalid': { retry: 'limited' },
  'exchange.not-found': { retry: 'never' },
  'exchange.ambiguous': { retry: 'never' },
  'exchange.access-denied': { retry: 'never' },
  'exchange.synchronised': { retry: 'never' },
  'exchange.invalid-request': { retry: 'never' },
  'exchange.quota': { retry: 'never' },
  'exchange.unsupported': { retry: 'never' },
  'exchange.throttled': { retry: 'outage' },
  'exchange.server-trouble': { retry: 'outage' },
  'exchange.session-gone': { retry: 'limited' },
  'exchange.unclassified': { retry: 'limited' },

  'offboarding.never-touch': { retry: 'never' },
  'offboarding.foreign-domain': { retry: 'never' },
  'offboarding.stopped-by-finding': { retry: 'never' },
  'offboarding.change-failed': { retry: 'never' },
  'offboarding.not-verified': { retry: 'limited' },
  'offboarding.outcome-unknown': { retry: 'never' },
} as const satisfies Record<string, { retry: Retry }>;

export type Retry = 'never' | 'limited' | 'outage';
export type ErrorCode = keyof typeof ERRORS;

/** What a person or a log may know about a failure. Never a secret, never mailbox content. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ErrorDetails {
  readonly facts?: Facts;
  readonly cause?: unknown;
  /** How long the other side asked us to wait. */
  readonly retryAfterMs?: number;
}

/** The one error class of the service: a code to decide by, a sentence to read, facts and a cause to trace. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  readonly facts: Facts;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.facts = details.facts ?? {};
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** What to do with a failed attempt; an error nobody named is worth a few more attempts, not endless ones. */
export function retryOf(error: unknown): Retry {
  return error instanceof ServiceError ? ERRORS[error.code].retry : 'limited';
}

/** The code of a failure as it is shown and stored; `service.internal` for anything unnamed. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof ServiceError ? error.code : 'service.internal';
}
