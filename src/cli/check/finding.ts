import { ServiceError } from '../../errors.ts';
import { failureOf } from '../failure.ts';

/** What one check came to. */
export interface Finding {
  readonly state: 'good' | 'warning' | 'bad' | 'skipped';
  /** What was looked at: "Certificate". */
  readonly what: string;
  /** What was seen, or what is wrong. One line. */
  readonly detail: string;
  /** What to do about it. One line. */
  readonly cure?: string;
}

export function good(what: string, detail: string): Finding {
  return { state: 'good', what, detail };
}

export function warning(what: string, detail: string, cure: string): Finding {
  return { state: 'warning', what, detail, cure };
}

export function bad(what: string, detail: string, cure: string): Finding {
  return { state: 'bad', what, detail, cure };
}

/** Not looked at, because something before it must be right first. */
export function skipped(what: string, why: string): Finding {
  return { state: 'skipped', what, detail: why };
}

/** A failure we can name, as a finding; others are thrown on. */
export function badFrom(what: string, error: unknown): Finding {
  if (!(error instanceof ServiceError)) {
    throw error;
  }
  const { cause, code, cure } = failureOf(error);
  return bad(what, `${cause.replaceAll(/\s*\n\s*/g, ' ')} (${code})`, cure);
}
