import { z } from 'zod';
import type { Facts } from '../errors.ts';
import type { Answer } from './send.ts';

const LONGEST_EXCERPT = 200;

const text = z.string().optional().catch(undefined);

/**
 * The error shapes in use: RFC 9457 with the trace id on top, its forerunner with the trace id under
 * `extensions`, and `{type, message}` of an internal error.
 */
const problem = z.object({
  title: text,
  detail: text,
  message: text,
  traceId: text,
  extensions: z.object({ traceId: text }).optional().catch(undefined),
});

/** What an answer that is not what we asked for says about itself: Trelica's trace id and a short excerpt. */
export function factsOf(answer: Answer): Facts {
  const said = isJson(answer) ? (problem.safeParse(parseJson(answer.body)).data ?? {}) : {};
  const { title, detail, message, traceId, extensions } = said;
  // JSON that is no problem is data, and so nobody's business.
  const words = isJson(answer) ? [title, detail, message].filter(Boolean).join(': ') : answer.body;
  return {
    status: answer.status,
    ...optional('traceId', traceId ?? extensions?.traceId ?? ''),
    ...optional('excerpt', words),
  };
}

/** True if the answer says that it is JSON. */
export function isJson({ headers }: Answer): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(headers.get('content-type') ?? '');
}

/** Undefined, which no JSON text means, if it can't be parsed; the parser's own message quotes the text. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

function optional(name: string, value: string): Facts {
  const cleaned = excerpt(value);
  return cleaned === '' ? {} : { [name]: cleaned };
}

/** One short line without markup, control characters and anything long enough to be a key. */
function excerpt(value: string): string {
  const line = value
    .slice(0, 20 * LONGEST_EXCERPT)
    .replace(/<(script|style)\b.*?<\/\1>|<[^>]*>/gis, ' ')
    .replace(/[\p{C}\s]+/gu, ' ')
    .replace(/[\w.~+/=-]{64,}/g, '[long text]')
    .trim();
  return line.length > LONGEST_EXCERPT ? `${line.slice(0, LONGEST_EXCERPT)}…` : line;
}
