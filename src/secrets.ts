import { readFileSync } from 'node:fs';
import { ServiceError } from './errors.ts';

/** A token and, while it is being replaced, the one before it. */
export type Tokens = readonly [string, ...string[]];

export interface Secrets {
  readonly webhookTokens: Tokens;
  readonly pollTokens: Tokens;
  readonly operatorTokens: Tokens;
  readonly trelicaClientSecret: string;
  /** PFX bytes in base64 and their password; undefined unless the sign-in is by certificate. */
  readonly certificate: { readonly pfx: string; readonly password: string } | undefined;
  /** Asked for at each connection, since somebody else renews it; undefined unless the sign-in is by token. */
  readonly accessToken: (() => string) | undefined;
}

export type Environment = Record<string, string | undefined>;

/** Shorter tokens can be guessed; 32 random bytes in hexadecimal are 64 characters. */
const SHORTEST_TOKEN = 16;

export type SecretsRead =
  | { readonly secrets: Secrets; readonly faults: readonly [] }
  | { readonly secrets: undefined; readonly faults: readonly string[] };

/**
 * Takes the secrets out of the environment: each is `NAME`, or the content of the file that
 * `NAME_FILE` names. What was taken is deleted there, so that no child process inherits it. Faults
 * never hold a value.
 */
export function readSecrets(environment: Environment, signIn: string): SecretsRead {
  const taker = new Taker(environment);
  const found = {
    webhookTokens: taker.tokens('EXO_BRIDGE_WEBHOOK_TOKEN'),
    pollTokens: taker.tokens('EXO_BRIDGE_POLL_TOKEN'),
    operatorTokens: taker.tokens('EXO_BRIDGE_OPERATOR_TOKEN'),
    trelicaClientSecret: taker.required('EXO_BRIDGE_TRELICA_CLIENT_SECRET', 'utf8'),
    certificate:
      signIn === 'certificate'
        ? {
            pfx: taker.required('EXO_BRIDGE_CERTIFICATE', 'base64'),
            password: taker.required('EXO_BRIDGE_CERTIFICATE_PASSWORD', 'utf8'),
          }
        : undefined,
    accessToken: signIn === 'access-token' ? taker.renewed('EXO_BRIDGE_ACCESS_TOKEN') : undefined,
  };
  taker.assertDistinct(found.webhookTokens, found.pollTokens, found.operatorTokens);
  return taker.faults.length === 0
    ? { secrets: found, faults: [] }
    : { secrets: undefined, faults: taker.faults };
}

/**
 * Takes a token that may ask for a sweep: the poll token or, without one, the operator's. Throws
 * `config.invalid`.
 */
export function readPollToken(environment: Environment): string {
  const { EXO_BRIDGE_POLL_TOKEN: token, EXO_BRIDGE_POLL_TOKEN_FILE: file } = environment;
  if (token === undefined && file === undefined) {
    return readOperatorToken(environment);
  }
  const taker = new Taker(environment);
  const [poll] = taker.tokens('EXO_BRIDGE_POLL_TOKEN');
  if (taker.faults.length > 0) {
    throw new ServiceError('config.invalid', taker.faults.join('\n'));
  }
  return poll;
}

/**
 * Takes the operator's token, and nothing else, for a command that talks to a running service. Throws
 * `config.invalid`.
 */
export function readOperatorToken(environment: Environment): string {
  const taker = new Taker(environment);
  const [token] = taker.tokens('EXO_BRIDGE_OPERATOR_TOKEN');
  if (taker.faults.length > 0) {
    throw new ServiceError('config.invalid', taker.faults.join('\n'));
  }
  return token;
}

class Taker {
  readonly faults: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  tokens(name: string): Tokens {
    const current = this.#checkedToken(name, this.required(name, 'utf8'));
    const previous = this.#take(`${name}_PREVIOUS`, 'utf8');
    return previous === undefined
      ? [current]
      : [current, this.#checkedToken(`${name}_PREVIOUS`, previous)];
  }

  required(name: string, encoding: BufferEncoding): string {
    const value = this.#take(name, encoding);
    if (value === undefined) {
      this.faults.push(`${name} or ${name}_FILE must be set in the environment`);
    }
    return value ?? '';
  }

  /** A secret that changes in its file: read now, to find faults, and again each time it is asked for. */
  renewed(name: string): () => string {
    const file = this.#environment[`${name}_FILE`];
    const first = this.required(name, 'utf8');
    return () => (file === undefined ? first : readSecretFile(file, 'utf8'));
  }

  /** One token for two purposes would open with a leak of one what was meant for the other. */
  assertDistinct(...audiences: readonly Tokens[]): void {
    const all = audiences.flatMap((tokens) => tokens.filter((token) => token !== ''));
    if (new Set(all).size < all.length) {
      this.faults.push('the tokens for webhook, poll and operator must differ from one another');
    }
  }

  #checkedToken(name: string, value: string): string {
    if (value !== '' && !/^[\x21-\x7e]+$/.test(value)) {
      this.faults.push(`${name}: only printable ASCII without blanks can be sent in a header`);
    } else if (value !== '' && value.length < SHORTEST_TOKEN) {
      this.faults.push(`${name}: at least ${SHORTEST_TOKEN} characters`);
    }
    return value;
  }

  #take(name: string, encoding: BufferEncoding): string | undefined {
    const value = this.#environment[name];
    const file = this.#environment[`${name}_FILE`];
    delete this.#environment[name];
    delete this.#environment[`${name}_FILE`];
    if (value !== undefined && file !== undefined) {
      this.faults.push(`${name} and ${name}_FILE are both set; keep one`);
    }
    return file === undefined ? blankAsNone(value) : this.#read(name, file, encoding);
  }

  #read(name: string, file: string, encoding: BufferEncoding): string | undefined {
    try {
      return blankAsNone(readSecretFile(file, encoding));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      this.faults.push(`${name}_FILE: ${file} can't be read (${code})`);
      return '';
    }
  }
}

function readSecretFile(file: string, encoding: BufferEncoding): string {
  const content = readFileSync(file, encoding);
  return encoding === 'utf8' ? content.replace(/\r?\n$/, '') : content;
}

function blankAsNone(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
