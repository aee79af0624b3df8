import type { Clock } from '../clock.ts';
import { type ErrorCode, ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type CertificateFacts, readCertificate } from './read-certificate.ts';
import { assertValid, daysLeft, EXPIRES_SOON_DAYS } from './validity.ts';

/** A certificate as its secrets give it: the PFX in base64, and what opens it. */
export interface CertificateSecret {
  readonly pfx: string;
  readonly password: string;
}

/** What a person should hear of the certificate. `key` tells one piece of news from another, also after a restart. */
export type CertificateNews =
  | { readonly kind: 'expiring'; readonly key: string; readonly facts: CertificateFacts }
  | { readonly kind: 'expired'; readonly key: string; readonly facts: CertificateFacts }
  | { readonly kind: 'refused'; readonly key: string; readonly fault: ServiceError };

export interface CertificateStatus {
  /** Of the certificate in use; undefined if none was ever usable. */
  readonly facts: CertificateFacts | undefined;
  /** Whole days; negative once it has expired. */
  readonly daysLeft: number | undefined;
  /** Why the service cannot sign in with it. */
  readonly obstacle: string | undefined;
  /** Why what lies in its place is not taken. */
  readonly refused: string | undefined;
}

export interface KeeperParts {
  readonly first: CertificateSecret;
  /** The secrets as they are now; throws what keeps them from being read. */
  readonly readAgain: () => CertificateSecret;
  readonly clock: Clock;
  readonly log: Logger;
  /** Another certificate is in use from now on. */
  readonly onReplaced: () => void;
  readonly onNews: (news: CertificateNews) => void;
}

/**
 * Between two looks at the files. Their content is compared, not their date: the link by which Kubernetes
 * swaps a secret keeps its own, and two writes within a second may share one.
 */
const BEAT_MS = 60_000;
const WARN_DAYS = [7, 14, EXPIRES_SOON_DAYS];

/** Refused now, and perhaps good tomorrow. */
const UNTIMELY: ErrorCode = 'certificate.expired';

interface Held {
  readonly secret: CertificateSecret;
  readonly facts: CertificateFacts;
}

/**
 * Keeps the certificate that the service signs in with: warns before it expires, and takes another one that is
 * put in its place, once that was opened and found valid. What cannot be used is refused, and the old one stays.
 */
export class CertificateKeeper {
  readonly #parts: KeeperParts;
  readonly #opened: Promise<void>;
  #held: Held | undefined;
  /** Why the first one is of no use. */
  #fault: ServiceError | undefined;
  #refused:
    | { readonly secret: CertificateSecret | undefined; readonly fault: ServiceError }
    | undefined;
  #told: string | undefined;
  #callOff: (() => void) | undefined;
  #looking: Promise<void> = Promise.resolve();
  #state: 'new' | 'started' | 'stopped' = 'new';

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#opened = this.#open(parts.first);
  }

  /** The certificate to sign in with now. Throws `certificate.unreadable`, `certificate.no-key` or `certificate.expired`. */
  async current(): Promise<CertificateSecret> {
    await this.#opened;
    if (this.#held === undefined) {
      throw this.#fault;
    }
    assertValid(this.#held.facts, this.#parts.clock.wall());
    return this.#held.secret;
  }

  get status(): CertificateStatus {
    const facts = this.#held?.facts;
    return {
      facts,
      daysLeft: facts && daysLeft(facts.notAfter, this.#parts.clock.wall()),
      obstacle: this.#obstacle(),
      refused: this.#refused?.fault.message,
    };
  }

  /** Begins to look after it. May be called twice. */
  start(): void {
    if (this.#state === 'new') {
      this.#state = 'started';
      this.#beat();
    }
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#callOff?.();
    await this.#looking;
  }

  /** Looks at files and date now, after a look that is under way. Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      await this.#opened;
      await this.#takeReplacement();
      this.#tellAge();
    });
    return this.#looking;
  }

  #beat(): void {
    void this.look().then(() => {
      if (this.#state === 'started') {
        this.#callOff = this.#parts.clock.after(BEAT_MS, () => this.#beat());
      }
    });
  }

  /** Never rejects. */
  async #open(secret: CertificateSecret): Promise<void> {
    try {
      this.#held = { secret, facts: await factsOf(secret) };
    } catch (error) {
      this.#fault = asFault(error);
      this.#refuse(secret, this.#fault);
    }
  }

  async #takeReplacement(): Promise<void> {
    let found: CertificateSecret | undefined;
    try {
      found = this.#parts.readAgain();
      if (isSame(found, this.#held?.secret)) {
        this.#refused = undefined;
        return;
      }
      if (isSame(found, this.#refused?.secret) && this.#refused?.fault.code !== UNTIMELY) {
        return;
      }
      const facts = await factsOf(found);
      assertValid(facts, this.#parts.clock.wall());
      this.#replace({ secret: found, facts });
    } catch (error) {
      this.#refuse(found, asFault(error));
    }
  }

  #replace(held: Held): void {
    const { thumbprint, notAfter } = held.facts;
    const before = this.#held?.facts.thumbprint;
    this.#held = held;
    this.#fault = undefined;
    this.#refused = undefined;
    this.#told = undefined;
    this.#parts.log.info({ before, thumbprint, notAfter }, 'certificate replaced');
    this.#parts.onReplaced();
  }

  /** Once for each content: a bad file that lies there for days is news once. */
  #refuse(secret: CertificateSecret | undefined, fault: ServiceError): void {
    const isContentTold = secret === undefined || isSame(secret, this.#refused?.secret);
    if (isContentTold && this.#refused?.fault.message === fault.message) {
      return;
    }
    this.#refused = { secret, fault };
    const kept = this.#held?.facts.thumbprint;
    this.#parts.log.error({ err: fault, code: fault.code, kept }, 'certificate refused');
    const key = `certificate-refused ${fault.code} ${kept ?? ''}`;
    this.#parts.onNews({ kind: 'refused', key, fault });
  }

  #tellAge(): void {
    const facts = this.#held?.facts;
    if (facts === undefined) {
      return;
    }
    const { thumbprint, notAfter } = facts;
    const left = daysLeft(notAfter, this.#parts.clock.wall());
    const stage = left < 0 ? 'expired' : WARN_DAYS.find((days) => left <= days)?.toString();
    if (stage === undefined || stage === this.#told) {
      return;
    }
    this.#told = stage;
    const key = `certificate-${stage} ${thumbprint}`;
    if (left < 0) {
      this.#parts.log.error({ thumbprint, notAfter }, 'certificate expired');
      this.#parts.onNews({ kind: 'expired', key, facts });
    } else {
      this.#parts.log.warn({ thumbprint, notAfter, daysLeft: left }, 'certificate expires soon');
      this.#parts.onNews({ kind: 'expiring', key, facts });
    }
  }

  #obstacle(): string | undefined {
    if (this.#held === undefined) {
      return this.#fault?.message;
    }
    try {
      assertValid(this.#held.facts, this.#parts.clock.wall());
      return undefined;
    } catch (error) {
      return asFault(error).message;
    }
  }
}

function factsOf({ pfx, password }: CertificateSecret): Promise<CertificateFacts> {
  return readCertificate(Buffer.from(pfx, 'base64'), password);
}

function isSame(one: CertificateSecret, other: CertificateSecret | undefined): boolean {
  return one.pfx === other?.pfx && one.password === other.password;
}

/** Anything unnamed comes from reading the files. */
function asFault(error: unknown): ServiceError {
  if (error instanceof ServiceError) {
    return error;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
  const message = `the files of the certificate cannot be read (${code})`;
  return new ServiceError('certificate.unreadable', message, { cause: error });
}
