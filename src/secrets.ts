import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from './errors.ts';
import { readGuarded } from './secrets/guarded-file.ts';

/** A token and, while it is being replaced, the one before it. */
export type Tokens = readonly [string, ...string[]];

export interface Secrets {
  readonly webhookTokens: Tokens;
  readonly pollTokens: Tokens;
  readonly operatorTokens: Tokens;
  readonly trelicaClientSecret: string;
  /** Undefined unless the sign-in is by certificate. */
  readonly certificate: CertificateSecret | undefined;
  /** Asked for at each connection, since somebody else renews it; undefined unless the sign-in is by token. */
  readonly accessToken: (() => string) | undefined;
  /** Where notices are posted; undefined unless they are. */
  readonly noticeUrl: string | undefined;
  /** Undefined unless notices are mailed by a server that asks for it. */
  readonly smtpPassword: string | undefined;
}

/** What the configuration needs, beside what is always needed. */
export interface Needs {
  readonly signIn: string;
  readonly noticeUrl: boolean;
  readonly smtpPassword: boolean;
}

export interface CertificateSecret {
  /** PFX bytes in base64. */
  readonly pfx: string;
  readonly password: string;
  /** The same from their files as they are now. Throws if they can't be read. */
  readonly readAgain: () => { readonly pfx: string; readonly password: string };
}

export type Environment = Record<string, string | undefined>;

/** Shorter tokens can be guessed; 32 random bytes in hexadecimal are 64 characters. */
const SHORTEST_TOKEN = 16;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

export type SecretsRead =
  | { readonly secrets: Secrets; readonly faults: readonly [] }
  | { readonly secrets: undefined; readonly faults: readonly string[] };

export interface SecretSources {
  readonly environment: Environment;
  /** Holds a file for each secret that the environment does not give; see `secretFileName`. */
  readonly folder: string | undefined;
}

/**
 * Takes the secrets out of the environment: each is `NAME`, or the content of the file that
 * `NAME_FILE` names, or its file in the secrets folder. What was taken is deleted from the environment,
 * so that no child process inherits it. Faults never hold a value.
 */
export function readSecrets(sources: SecretSources, needs: Needs): SecretsRead {
  const taker = new Taker(sources);
  const { signIn } = needs;
  const found = {
    webhookTokens: taker.tokens('EXO_BRIDGE_WEBHOOK_TOKEN'),
    pollTokens: taker.tokens('EXO_BRIDGE_POLL_TOKEN'),
    operatorTokens: taker.tokens('EXO_BRIDGE_OPERATOR_TOKEN'),
    trelicaClientSecret: taker.required('EXO_BRIDGE_TRELICA_CLIENT_SECRET', 'utf8'),
    certificate: signIn === 'certificate' ? takeCertificate(taker) : undefined,
    accessToken:
      signIn === 'access-token' ? taker.renewed('EXO_BRIDGE_ACCESS_TOKEN', 'utf8') : undefined,
    noticeUrl: needs.noticeUrl ? taker.address('EXO_BRIDGE_NOTICE_URL') : undefined,
    smtpPassword: needs.smtpPassword
      ? taker.required('EXO_BRIDGE_SMTP_PASSWORD', 'utf8')
      : undefined,
  };
  taker.assertDistinct(found.webhookTokens, found.pollTokens, found.operatorTokens);
  return taker.faults.length === 0
    ? { secrets: found, faults: [] }
    : { secrets: undefined, faults: taker.faults };
}

function takeCertificate(taker: Taker): CertificateSecret {
  const pfx = taker.renewed('EXO_BRIDGE_CERTIFICATE', 'base64');
  const password = taker.renewed('EXO_BRIDGE_CERTIFICATE_PASSWORD', 'utf8');
  const readAgain = () => ({ pfx: pfx(), password: password() });
  return { ...(taker.faults.length > 0 ? { pfx: '', password: '' } : readAgain()), readAgain };
}

/** The folder of secrets that the environment names. */
export function secretsFolderOf(environment: Environment): string | undefined {
  return blankAsNone(environment['EXO_BRIDGE_SECRETS']);
}

/** The name of a secret's file in the secrets folder: the PFX itself, anything else by its variable. */
export function secretFileName(variable: string): string {
  return variable === 'EXO_BRIDGE_CERTIFICATE'
    ? 'certificate.pfx'
    : variable
        .replace(/^EXO_BRIDGE_/, '')
        .toLowerCase()
        .replaceAll('_', '-');
}

/**
 * Takes a token that may ask for a sweep: the poll token or, without one, the operator's. Throws
 * `config.invalid`.
 */
export function readPollToken(
  environment: Environment,
  folder = secretsFolderOf(environment),
): string {
  const taker = new Taker({ environment, folder });
  const poll = taker.optional('EXO_BRIDGE_POLL_TOKEN');
  if (taker.faults.length > 0) {
    throw new ServiceError('config.invalid', taker.faults.join('\n'));
  }
  return poll === '' || poll === undefined ? readOperatorToken(environment, folder) : poll;
}

/**
 * Takes the operator's token, and nothing else, for a command that talks to a running service. Throws
 * `config.invalid`.
 */
export function readOperatorToken(
  environment: Environment,
  folder = secretsFolderOf(environment),
): string {
  const taker = new Taker({ environment, folder });
  const [token] = taker.tokens('EXO_BRIDGE_OPERATOR_TOKEN');
  if (taker.faults.length > 0) {
    throw new ServiceError('config.invalid', taker.faults.join('\n'));
  }
  return token;
}

/** Takes the password of the certificate, and nothing else; empty if there is none. Throws `config.invalid`. */
export function readCertificatePassword(environment: Environment): string {
  const taker = new Taker({ environment, folder: secretsFolderOf(environment) });
  const password = taker.optional('EXO_BRIDGE_CERTIFICATE_PASSWORD');
  if (taker.faults.length > 0) {
    throw new ServiceError('config.invalid', taker.faults.join('\n'));
  }
  return password ?? '';
}

class Taker {
  readonly faults: string[] = [];
  readonly #environment: Environment;
  readonly #folder: string | undefined;

  constructor({ environment, folder }: SecretSources) {
    this.#environment = environment;
    this.#folder = folder;
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
      const inFolder = this.#fileInFolder(name);
      const or = inFolder === undefined ? '' : `${inFolder} must be there, or `;
      this.faults.push(`${or}${name} or ${name}_FILE must be set in the environment`);
    }
    return value ?? '';
  }

  optional(name: string): string | undefined {
    return this.#take(name, 'utf8');
  }

  /** An address that is a secret itself; plain HTTP only to this machine. */
  address(name: string): string {
    const value = this.required(name, 'utf8');
    const url = URL.parse(value);
    const isFit =
      url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.includes(url.hostname));
    if (value !== '' && !isFit) {
      this.faults.push(`${name}: must be an https address`);
    }
    return value;
  }

  /** A secret that changes in its file: read now, to find faults, and again each time it is asked for. */
  renewed(name: string, encoding: BufferEncoding): () => string {
    const file = this.#fileOf(name);
    const first = this.required(name, encoding);
    return () => (file === undefined ? first : readGuarded(file, encoding));
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
    const file = this.#fileOf(name);
    const isTwice = value !== undefined && this.#environment[`${name}_FILE`] !== undefined;
    delete this.#environment[name];
    delete this.#environment[`${name}_FILE`];
    if (isTwice) {
      this.faults.push(`${name} and ${name}_FILE are both set; keep one`);
    }
    return file === undefined ? blankAsNone(value) : this.#read(name, file, encoding);
  }

  /** The file that the environment names, or else the one in the folder, unless the value itself is given. */
  #fileOf(name: string): string | undefined {
    const named = this.#environment[`${name}_FILE`];
    const inFolder = this.#fileInFolder(name);
    const isInFolder =
      blankAsNone(this.#environment[name]) === undefined &&
      inFolder !== undefined &&
      existsSync(inFolder);
    return named ?? (isInFolder ? inFolder : undefined);
  }

  #fileInFolder(name: string): string | undefined {
    return this.#folder === undefined ? undefined : join(this.#folder, secretFileName(name));
  }

  #read(name: string, file: string, encoding: BufferEncoding): string | undefined {
    try {
      return blankAsNone(readGuarded(file, encoding));
    } catch (error) {
      this.faults.push(`${name}: ${whyUnread(file, error)}`);
      return '';
    }
  }
}

function whyUnread(file: string, error: unknown): string {
  if (error instanceof ServiceError) {
    return error.message;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
  return `${file} can't be read (${code})`;
}

function blankAsNone(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
