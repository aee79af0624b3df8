import { ERRORS, type ErrorCode, ServiceError } from '../errors.ts';

/** The answer; what a problem document says is thrown, and so is silence. */
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
