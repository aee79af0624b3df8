import { styleText } from 'node:util';
import { codeOf, type ErrorCode, ServiceError } from '../errors.ts';
import { cureOf } from './cures.ts';
import { EXIT } from './exit.ts';

/** What went wrong with a command, for a person and for a program. */
export interface Failure {
  readonly code: ErrorCode | 'cli.usage';
  readonly cause: string;
  readonly cure: string;
  readonly exit: number;
}

export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  const cure = error instanceof ServiceError ? error.facts['cure'] : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code,
    // Some messages have their cure in brackets, for logs; here it has a line of its own.
    cause: message.replace(` (${String(cure)})`, ''),
    cure: cure === undefined ? cureOf(code) : String(cure),
    exit: code.startsWith('config.') ? EXIT.configuration : EXIT.failed,
  };
}

/**
 * Tells the cause in one line and the cure in another; with `json` a problem document on the standard
 * output, too. A stack is shown only for what nobody foresaw.
 */
export function tell(failure: Failure, { json, error }: { json: boolean; error?: unknown }): void {
  const { code, cause, cure } = failure;
  if (json) {
    const type = `urn:exo-bridge:problem:${code}`;
    console.log(JSON.stringify({ type, code, detail: cause, cure }));
  }
  const bold = (text: string) => styleText('bold', text, { stream: process.stderr });
  console.error(`${cause} (${code})\n${bold('What to do:')} ${cure}`);
  if (code === 'service.internal' && error instanceof Error && !(error instanceof ServiceError)) {
    console.error(error.stack);
  }
}
