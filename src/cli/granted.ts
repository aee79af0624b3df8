import type { Command } from 'commander';
import { environment, loadOperatorToken, loadServiceUrl } from '../config.ts';
import { ERRORS, type ErrorCode, ServiceError } from '../errors.ts';
import { url } from './arguments.ts';
import { Operator } from './operator.ts';

/** How a command finds the running service. */
export interface ServiceOptions {
  /** Undefined: where the configuration lets it listen. */
  readonly url?: string;
  readonly config: string;
  readonly json?: boolean;
}

/** The options of every command that asks the running service. */
export function askingService(command: Command): Command {
  return command
    .option('--url <address>', 'where the service listens, if not as the configuration says', url)
    .option('--config <file>', 'names the secrets folder and where it listens', 'exo-bridge.yaml')
    .option('--json', 'print JSON instead of the text');
}

/** Throws `config.invalid` without an operator token in the environment or the secrets folder. */
export function operatorAt(options: ServiceOptions): Operator {
  const token = loadOperatorToken({ file: options.config, environment: environment() });
  return new Operator(serviceUrl(options), token);
}

/** Without a slash at its end. */
export function serviceUrl({ url: given, config: file }: ServiceOptions): string {
  return (given ?? loadServiceUrl(file)).replace(/\/$/, '');
}

/** The answer; what a problem document says is thrown, and so is silence, as `http.unavailable`. */
export async function granted<T extends Readonly<Record<string, unknown>>>(
  asked: Promise<T>,
): Promise<T> {
  const answer = await asked.catch((cause: unknown) => {
    throw new ServiceError('http.unavailable', 'no service answers at this address', { cause });
  });
  if (String(answer['type']).startsWith('urn:exo-bridge:problem:')) {
    const code = String(answer['code']);
    throw new ServiceError(isErrorCode(code) ? code : 'service.internal', String(answer['detail']));
  }
  return answer;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
