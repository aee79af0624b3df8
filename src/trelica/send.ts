import type { Clock } from '../clock.ts';
import { ServiceError } from '../errors.ts';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * One HTTP request and its whole answer, whatever its status. Throws `trelica.unreachable` or
 * `trelica.answer-invalid`.
 */
export type Send = (url: URL, request: Request) => Promise<Answer>;

/** Far above any page of runs, and an end for a body without one. */
const LARGEST_BODY_BYTES = 10 * 1024 * 1024;

/**
 * The only way out of this service to Trelica: redirects are not followed, the deadline covers the body
 * too, and a body has a largest size (counted after decompression).
 */
export function createSend(
  fetch: typeof globalThis.fetch,
  timeoutMs: number,
  clock: Pick<Clock, 'after'>,
): Send {
  return async (url, request) => {
    const where = { method: request.method, path: url.pathname };
    const deadline = new AbortController();
    const callOff = clock.after(timeoutMs, () => deadline.abort(timedOut()));
    try {
      const { signal } = deadline;
      const response = await fetch(url, { ...request, redirect: 'manual', signal });
      return {
        status: response.status,
        headers: response.headers,
        body: await readBody(response.body, where),
      };
    } catch (error) {
      throw error instanceof ServiceError ? error : lost(error, where);
    } finally {
      callOff();
    }
  };
}

/** As `AbortSignal.timeout` says it. */
function timedOut(): DOMException {
  return new DOMException('The operation was aborted due to timeout', 'TimeoutError');
}

interface Where {
  readonly method: string;
  readonly path: string;
}

async function readBody(body: AsyncIterable<Uint8Array> | null, where: Where): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > LARGEST_BODY_BYTES) {
      throw new ServiceError('trelica.answer-invalid', 'the answer is too large', {
        facts: { ...where, limitBytes: LARGEST_BODY_BYTES },
      });
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** Without the cause: a parser's error may hold bytes of the answer, and so a token. Its code says enough. */
function lost(error: unknown, where: Where): ServiceError {
  return new ServiceError('trelica.unreachable', 'Trelica was not reached, or its answer lost', {
    facts: { ...where, reason: reasonOf(error) },
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown';
  }
  if ('code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error.cause instanceof Error ? reasonOf(error.cause) : error.name;
}
