import type { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { createEndpoints, type EndpointSettings, type Endpoints } from './endpoints.ts';
import { foreignAnswer, weatherFault } from './fault.ts';
import { factsOf, isJson, parseJson } from './problem.ts';
import type { Answer, Request, Send } from './send.ts';
import { type Credentials, createTokenRequest } from './token.ts';
import { TokenSource } from './token-source.ts';

export interface TrelicaSettings extends EndpointSettings, Credentials {}

export interface ClientParts {
  readonly send: Send;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Trelica's API with our token. Throws `trelica.unreachable`, `.credentials-refused`, `.forbidden`,
 * `.throttled`, `.server-error`, `.answer-foreign`, `.answer-invalid`, and `.request-refused` for a status
 * nobody expects.
 */
export interface Client {
  readonly endpoints: Endpoints;
  get<T>(url: URL, schema: z.ZodType<T>): Promise<T>;
  /** Undefined if the answer is 404. */
  find<T>(url: URL, schema: z.ZodType<T>): Promise<T | undefined>;
  /**
   * POSTs nothing and gives the status: 2xx or one of those expected. After an error nobody knows
   * whether it took effect.
   */
  post(url: URL, expected: readonly number[]): Promise<number>;
}

export function createClient(settings: TrelicaSettings, { send, now }: ClientParts): Client {
  const endpoints = createEndpoints(settings);
  const tokens = new TokenSource(createTokenRequest(settings, endpoints.token, send), now);
  const ask = createAsk(send, tokens);
  return {
    endpoints,
    get: async (url, schema) => parse(await ask('GET', url), schema, url),
    async find(url, schema) {
      const answer = await ask('GET', url, [404]);
      return answer.status === 404 ? undefined : parse(answer, schema, url);
    },
    post: async (url, expected) => (await ask('POST', url, expected)).status,
  };
}

/** An answer that is 2xx or one of the statuses expected. */
type Ask = (method: Request['method'], url: URL, expected?: readonly number[]) => Promise<Answer>;

function createAsk(send: Send, tokens: TokenSource): Ask {
  const sendOnce: Ask = async (method, url) => {
    const token = await tokens.current();
    const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
    const answer = await send(url, { method, headers });
    if (answer.status === 401) {
      tokens.invalidate(token);
    }
    return isData(answer) ? answer : withoutToken(answer, token);
  };
  return async (method, url, expected = []) => {
    const first = await sendOnce(method, url);
    const answer = first.status === 401 ? await sendOnce(method, url) : first;
    if (isSuccess(answer) || expected.includes(answer.status)) {
      return answer;
    }
    throw faultOf(answer, method, url);
  };
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function isData(answer: Answer): boolean {
  return isSuccess(answer) && isJson(answer);
}

/** Some proxies show the request in their error page, and an excerpt of that becomes part of an error. */
function withoutToken(answer: Answer, token: string): Answer {
  return { ...answer, body: answer.body.replaceAll(token, '[redacted]') };
}

function faultOf(answer: Answer, method: string, url: URL): ServiceError {
  const facts = { method, path: url.pathname, ...factsOf(answer) };
  if (answer.status === 401) {
    const message = 'Trelica refuses a token it has just given';
    return new ServiceError('trelica.credentials-refused', message, { facts });
  }
  if (answer.status === 403) {
    const scope = scopeFor(method, url);
    const message = `Trelica forbids this; the API client needs the scope ${scope}`;
    return new ServiceError('trelica.forbidden', message, { facts: { ...facts, scope } });
  }
  return (
    weatherFault(answer, facts) ??
    new ServiceError('trelica.request-refused', `Trelica answers ${answer.status}`, { facts })
  );
}

function scopeFor(method: string, url: URL): string {
  if (method === 'POST') {
    return 'Workflows.Runs.Execute';
  }
  if (url.pathname.includes('/api/people/')) {
    return 'People.Read';
  }
  return url.pathname.includes('/runs') ? 'Workflows.Runs.Read' : 'Workflows.Read';
}

function parse<T>(answer: Answer, schema: z.ZodType<T>, url: URL): T {
  const facts = { method: 'GET', path: url.pathname };
  if (!isJson(answer)) {
    throw foreignAnswer(answer, facts);
  }
  const value = parseJson(answer.body);
  if (value === undefined) {
    throw new ServiceError('trelica.answer-invalid', 'the answer is broken JSON', {
      facts: { ...facts, ...factsOf(answer) },
    });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const at = parsed.error.issues[0]?.path.join('.');
    throw new ServiceError('trelica.answer-invalid', 'the answer lacks what it should have', {
      facts: { ...facts, at },
    });
  }
  return parsed.data;
}
