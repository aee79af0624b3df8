import {
  allowInsecureRequests,
  type ClientAuth,
  ClientError,
  Configuration,
  clientCredentialsGrant,
  customFetch,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { ServiceError } from '../errors.ts';
import { weatherFault } from './fault.ts';
import type { Send } from './send.ts';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface TokenParts {
  readonly endpoint: URL;
  readonly send: Send;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** So that a token does not expire between being taken and being read at the other end. */
const RENEW_EARLY_MS = 60_000;
/** For an answer that does not say; documented are 60 minutes, and too short a guess only costs requests. */
const UNSTATED_LIFETIME_MS = 5 * 60_000;
/** Callers in this time after a failure get the same one: a sweep of many workflows asks once. */
const PAUSE_AFTER_FAILURE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;

/** RFC 6750, section 2.1. Anything else can't be put into a header, and the error would quote it. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

interface Held {
  readonly token: string;
  readonly renewAt: number;
}

interface Failed {
  readonly fault: ServiceError;
  readonly until: number;
}

/** The access token of this service: one request for it at a time, kept until shortly before it expires. */
export class TokenSource {
  readonly #request: () => Promise<{ token: string; lifetimeMs: number }>;
  readonly #now: () => number;
  #held: Held | undefined;
  #failed: Failed | undefined;
  #pending: Promise<string> | undefined;

  constructor(credentials: Credentials, parts: TokenParts) {
    const configuration = configure(credentials, parts);
    this.#request = () => requestToken(configuration);
    this.#now = parts.now;
  }

  /**
   * Throws `trelica.credentials-refused`, `.unreachable`, `.server-error`, `.throttled` or
   * `.answer-invalid`.
   */
  async current(): Promise<string> {
    const now = this.#now();
    if (this.#held !== undefined && now < this.#held.renewAt) {
      return this.#held.token;
    }
    if (this.#failed !== undefined && now < this.#failed.until) {
      throw this.#failed.fault;
    }
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Says that a token was refused. One that was replaced meanwhile is forgotten already. */
  invalidate(token: string): void {
    if (this.#held?.token === token) {
      this.#held = undefined;
    }
  }

  async #renew(): Promise<string> {
    const askedAt = this.#now();
    try {
      const { token, lifetimeMs } = await this.#request();
      const early = Math.min(RENEW_EARLY_MS, lifetimeMs / 2);
      this.#held = { token, renewAt: askedAt + lifetimeMs - early };
      this.#failed = undefined;
      return token;
    } catch (error) {
      const fault = faultOf(error);
      const pauseMs = Math.min(fault.retryAfterMs ?? PAUSE_AFTER_FAILURE_MS, LONGEST_PAUSE_MS);
      this.#failed = { fault, until: this.#now() + pauseMs };
      throw fault;
    }
  }
}

function configure(credentials: Credentials, { endpoint, send }: TokenParts): Configuration {
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
    const fault = weatherFault(answer, { path: endpoint.pathname, status: answer.status });
    if (fault !== undefined) {
      throw fault;
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

async function requestToken(configuration: Configuration) {
  const { access_token: token, expires_in: seconds } = await clientCredentialsGrant(configuration);
  if (!TOKEN.test(token)) {
    throw new ServiceError('trelica.answer-invalid', 'the token holds characters no token has');
  }
  return { token, lifetimeMs: seconds === undefined ? UNSTATED_LIFETIME_MS : seconds * 1_000 };
}

/** A new error without the cause: openid-client's hold the answer, and an answer may hold a token. */
function faultOf(error: unknown): ServiceError {
  const inner = error instanceof ClientError ? error.cause : error;
  if (inner instanceof ServiceError) {
    return inner;
  }
  if (error instanceof ResponseBodyError) {
    return refused(error.status, error.error);
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return refused(error.status, 'challenge');
  }
  return new ServiceError('trelica.answer-invalid', 'the answer to the token request is no token', {
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
