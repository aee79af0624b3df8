import { codeOf, type ErrorCode, retryOf, ServiceError } from '../errors.ts';
import type { Change } from './operations/operation.ts';
import type { Applied } from './ports.ts';

/** What became of one call. */
export type Outcome = Applied | Refusal;

export type Refusal =
  /** Refused in a way that means "leave it alone". */
  | { readonly kind: 'skipped'; readonly code: ErrorCode; readonly message: string }
  /** Surely not done, and another time it may be. */
  | {
      readonly kind: 'retryable';
      readonly code: ErrorCode;
      readonly message: string;
      readonly afterMs?: number;
    }
  /** Surely not done, and never will be. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
  /** The answer was lost or says nothing: the state must be read. */
  | { readonly kind: 'unknown'; readonly code: ErrorCode; readonly message: string };

/** Errors after which a call has surely had no effect, although it may have one later. */
const NOTHING_DONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'exchange.throttled',
  'exchange.session-gone',
  'exchange.sign-in-refused',
  'exchange.module-missing',
  'powershell.not-installed',
  'powershell.start-failed',
  'powershell.overloaded',
  'powershell.unavailable',
]);

/** What an error of a change's call means for the change. */
export function outcomeOf(change: Change, error: Error): Refusal {
  const code = codeOf(error);
  const { message } = error;
  if (change.tolerates?.includes(code)) {
    return { kind: 'skipped', code, message };
  }
  if (retryOf(error) === 'never') {
    return { kind: 'failed', code, message };
  }
  if (!NOTHING_DONE.has(code)) {
    return { kind: 'unknown', code, message };
  }
  const afterMs = error instanceof ServiceError ? error.retryAfterMs : undefined;
  return { kind: 'retryable', code, message, ...(afterMs === undefined ? {} : { afterMs }) };
}
