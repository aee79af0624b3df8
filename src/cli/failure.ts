import { styleText } from 'node:util';
import { codeOf, type ErrorCode, ServiceError } from '../errors.ts';
import { cureOf } from './cures.ts';
import { EXIT } from './exit.ts';

/** What went wrong with a command, for a person and for a program. */
export interface Failure {
  readonly code: ErrorCode | 'cli.usage' | 'cli.refused';
  readonly cause: string;
  readonly cure: string;
  readonly exit: number;
}

/** What a command will not do, though its words are right: with the cure, unlike the service's own errors. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly cure: string;
  readonly exit: number;

  constructor(message: string, cure: string, exit: number = EXIT.failed) {
    super(message);
    this.cure = cure;
    this.exit = exit;
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) {
    const code = error.exit === EXIT.usage ? 'cli.usage' : 'cli.refused';
    return { code, cause: error.message, cure: error.cure, exit: error.exit };
  }
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
