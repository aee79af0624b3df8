import { randomUUID } from 'node:crypto';
import type { SignIn } from '../wire.ts';

/** Which application the tenant knows. Without a thumbprint any certificate is good. */
export interface Registration {
  readonly appId: string;
  readonly organization: string;
  readonly thumbprint?: string | undefined;
}

export type SignInAnswer =
  | {
      readonly kind: 'signed-in';
      readonly token: string;
      /** Cmdlets and parameters that the client must not have, since no role of the app has them. */
      readonly withheld: readonly string[];
    }
  | { readonly kind: 'refused'; readonly message: string };

/** Tokens for applications that prove themselves, with Entra's own words for the others. */
export class SignInDesk {
  readonly #registration: Registration;
  readonly #tokens = new Set<string>();
  #withheld: readonly string[] = [];
  /** Further ones, beside the registration's. */
  readonly #thumbprints = new Set<string>();

  constructor(registration: Registration) {
    this.#registration = registration;
  }

  signIn({ kind, appId, organization, thumbprint }: SignIn): SignInAnswer {
    const known = this.#registration;
    if (organization?.toLowerCase() !== known.organization.toLowerCase()) {
      return refused(
        `AADSTS900023: Specified tenant identifier '${organization ?? ''}' is neither a valid DNS name, nor a valid external domain.`,
      );
    }
    if (kind === 'certificate' && appId?.toLowerCase() !== known.appId.toLowerCase()) {
      return refused(
        `AADSTS700016: Application with identifier '${appId ?? ''}' was not found in the directory '${known.organization}'.`,
      );
    }
    const isUploaded = this.#thumbprints.has(thumbprint?.toLowerCase() ?? '');
    if (kind === 'certificate' && !isUploaded && isOther(thumbprint, known.thumbprint)) {
      return refused(
        'AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.',
      );
    }
    const token = randomUUID();
    this.#tokens.add(token);
    return { kind: 'signed-in', token, withheld: this.#withheld };
  }

  /** Replaces what is withheld from those who sign in from now on. */
  withhold(names: readonly string[]): void {
    this.#withheld = names;
  }

  /** As uploading another certificate to the app registration: both are good from now on. */
  upload(thumbprint: string): void {
    this.#thumbprints.add(thumbprint.toLowerCase());
  }

  /** Connections that have not said good-bye. */
  get connections(): number {
    return this.#tokens.size;
  }

  isSignedIn(token: string): boolean {
    return this.#tokens.has(token);
  }

  signOut(token: string): void {
    this.#tokens.delete(token);
  }
}

function isOther(shown: string | undefined, registered: string | undefined): boolean {
  return (
    shown !== undefined &&
    registered !== undefined &&
    shown.toLowerCase() !== registered.toLowerCase()
  );
}

function refused(message: string): SignInAnswer {
  return { kind: 'refused', message };
}
