import {
  allowInsecureRequests,
  type ClientAuth,
  ClientError,
  Configuration,
  clientCredentialsGrant,
  customFetch,
  ResponseBodyError,
} from 'openid-client';
import { ServiceError } from '../errors.ts';
import { foreignAnswer, weatherFault } from './fault.ts';
import { isJson } from './problem.ts';
import type { Send } from './send.ts';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Token {
  readonly token: string;
  readonly lifetimeMs: number;
  /** What it is good for, if the answer says so. */
  readonly scopes?: readonly string[];
}

/** For an answer that does not say; documented are 60 minutes, and too short a guess only costs requests. */
const UNSTATED_LIFETIME_MS = 5 * 60_000;

/** RFC 6750, section 2.1. Anything else can't be put into a header, and the error would quote it. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/**
 * Asks for an access token by client credentials. The request throws `trelica.credentials-refused`,
 * `.unreachable`, `.server-error`, `.throttled`, `.answer-foreign` or `.answer-invalid`.
 */
export function createTokenRequest(
  credentials: Credentials,
  endpoint: URL,
  send: Send,
): () => Promise<Token> {
  const configuration = configure(credentials, endpoint, send);
  return async () => {
    const answer = await clientCredentialsGrant(configuration).catch(rethrowClean);
    if (!TOKEN.test(answer.access_token)) {
      throw new ServiceError('trelica.answer-invalid', 'the token holds characters no token has');
    }
    const seconds = answer.expires_in;
    const lifetimeMs = seconds === undefined ? UNSTATED_LIFETIME_MS : seconds * 1_000;
    const scopes = answer.scope?.split(' ');
    return { token: answer.access_token, lifetimeMs, ...(scopes === undefined ? {} : { scopes }) };
  };
}

function configure(credentials: Credentials, endpoint: URL, send: Send): Configuration {
  const server = { issuer: endpoint.origin, token_endpoint: endpoint.href };
  const { clientId, clientSecret } = credentials;
  const configuration = new Configuration(server, clientId, {}, basic(clientId, clientSecret));
  if (endpoint.protocol === 'http:') {
    // Only ever a loopback address: `createEndpoints` has seen to it.
    allowInsecureRequests(configuration);
  }
  configuration[customFetch] = async (url, { headers, body }) => {
    const answer = await send(new URL(url), {
      method: 'POST',
      headers,
      ...(body instanceof URLSearchParams ? { body } : {}),
    });
    const { status } = answer;
    const fault = weatherFault(answer, { path: endpoint.pathname, status });
    if (fault !== undefined) {
      throw fault;
    }
    if (status === 401) {
      // Says it all, whatever its body (RFC 6749, section 5.2); Trelica documents 400.
      throw refused(status, 'invalid_client');
    }
    if (!isJson(answer)) {
      // Nothing of what it says: a page may show the request, and so the credentials.
      throw foreignAnswer({ ...answer, body: '' }, { path: endpoint.pathname });
    }
    return new Response(answer.body === '' ? null : answer.body, answer);
  };
  return configuration;
}

/**
 * HTTP Basic as in RFC 7617, which Trelica documents. openid-client's own form-encodes both halves
 * first (RFC 6749, section 2.3.1), and so changes every `-` and `_` for a server that does not decode.
 */
function basic(clientId: string, clientSecret: string): ClientAuth {
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`);
}

/** A new error without the cause: openid-client's hold the answer, and an answer may hold a token. */
function rethrowClean(error: unknown): never {
  const inner = error instanceof ClientError ? error.cause : error;
  if (inner instanceof ServiceError) {
    throw inner;
  }
  if (error instanceof ResponseBodyError) {
    throw refused(error.status, error.error);
  }
  throw new ServiceError('trelica.answer-invalid', 'the answer to the token request is no token', {
    facts: error instanceof ClientError ? { reason: error.code } : {},
  });
}

function refused(status: number, error: string): ServiceError {
  return new ServiceError(
    'trelica.credentials-refused',
    'Trelica refuses the client id, the client secret or a scope',
    { facts: { status, error: /^[a-z_]{1,40}$/.test(error) ? error : 'unnamed' } },
  );
}
