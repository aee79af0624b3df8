import { randomBytes } from 'node:crypto';

const SCOPES = ['Workflows.Read', 'Workflows.Runs.Read', 'Workflows.Runs.Execute', 'People.Read'];
const LIFETIME_SECONDS = 3_600;

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The token endpoint: client credentials with HTTP Basic, refusals as 400
 * (https://www.1password.dev/api-reference/authentication/request-an-access-token).
 */
export class TokenDesk {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly #now: () => number;
  readonly #tokens = new Map<
    string,
    { readonly scopes: readonly string[]; readonly until: number }
  >();

  /** `now` is in milliseconds since the epoch. */
  constructor(clientId: string, clientSecret: string, now: () => number) {
    this.clientId = clientId;
    this.clientSecret = clientSecret;
    this.#now = now;
  }

  issue(authorization: string | undefined, body: string): Answer {
    const form = new URLSearchParams(body);
    const [scheme, credentials = ''] = (authorization ?? '').split(' ');
    const sent = Buffer.from(credentials, 'base64').toString('utf8');
    if (scheme !== 'Basic' || sent !== `${this.clientId}:${this.clientSecret}`) {
      return { status: 400, body: { error: 'invalid_client' } };
    }
    if (form.get('grant_type') !== 'client_credentials') {
      return { status: 400, body: { error: 'unsupported_grant_type' } };
    }
    const asked = form.get('scope')?.split(' ') ?? SCOPES;
    if (asked.some((scope) => !SCOPES.includes(scope))) {
      return { status: 400, body: { error: 'invalid_scope' } };
    }
    const token = randomBytes(24).toString('base64url');
    this.#tokens.set(token, { scopes: asked, until: this.#now() + LIFETIME_SECONDS * 1_000 });
    return {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        access_token: token,
        token_type: 'Bearer',
        expires_in: LIFETIME_SECONDS,
        scope: asked.join(' '),
      },
    };
  }

  /** The refusal a request deserves; undefined if its token is good for the scope. */
  check(authorization: string | undefined, scope: string): Answer | undefined {
    const token = this.#tokens.get(authorization?.replace(/^Bearer /, '') ?? '');
    if (token === undefined || token.until <= this.#now()) {
      const reason = 'Bearer error="invalid_token", error_description="The token is not valid"';
      return { status: 401, headers: { 'www-authenticate': reason } };
    }
    return token.scopes.includes(scope) ? undefined : { status: 403 };
  }
}
