import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import { type Contents, openPfx } from './open-pfx.ts';

/** What a person or a log may know of a certificate. */
export interface CertificateFacts {
  /** SHA-1 of the certificate in capital hexadecimal, as Windows and Entra show it. */
  readonly thumbprint: string;
  /** E.g. `CN=exo-bridge contoso.onmicrosoft.com`. */
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly hasPrivateKey: boolean;
  /** Of its key, e.g. `RSA 2048` or `EC prime256v1`. */
  readonly algorithm: string;
}

/**
 * Opens PFX bytes (PKCS #12) and tells of the certificate that its private key belongs to. Throws
 * `certificate.unreadable` for a wrong password, a damaged file or an encryption nobody reads, and
 * `certificate.no-key`; neither says a word of the password.
 */
export async function readCertificate(pfx: Buffer, password: string): Promise<CertificateFacts> {
  const { certificates, keys } = parseContents(openPfx(pfx, password));
  const certificate = certificates.find((one) => keys.some((key) => one.checkPrivateKey(key)));
  if (certificate === undefined) {
    throw new ServiceError(
      'certificate.no-key',
      keys.length === 0
        ? 'the PFX file holds no private key: export it again together with the key'
        : 'the private key in the PFX file belongs to none of its certificates: export both again',
    );
  }
  return factsOf(certificate, true);
}

/** Tells of a certificate alone, as in a CER file (DER or PEM). Throws `certificate.unreadable`. */
export function readPublicCertificate(cer: Buffer): CertificateFacts {
  try {
    return factsOf(new X509Certificate(cer), false);
  } catch (cause) {
    throw damaged('the file holds no certificate that can be read', cause);
  }
}

interface Parsed {
  readonly certificates: readonly X509Certificate[];
  readonly keys: readonly KeyObject[];
}

function parseContents({ certificates, keys }: Contents): Parsed {
  try {
    return {
      certificates: certificates.map((der) => new X509Certificate(der)),
      keys: keys.map((key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' })),
    };
  } catch (cause) {
    throw damaged('a certificate or key in the PFX file cannot be read: export it again', cause);
  }
}

function damaged(message: string, cause: unknown): ServiceError {
  return new ServiceError('certificate.unreadable', message, { cause });
}

function factsOf(certificate: X509Certificate, hasPrivateKey: boolean): CertificateFacts {
  return {
    thumbprint: createHash('sha1').update(certificate.raw).digest('hex').toUpperCase(),
    // Undefined, whatever its type says, for a certificate without one.
    subject: (certificate.subject ?? '').replaceAll('\n', ', '),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    hasPrivateKey,
    algorithm: algorithmOf(certificate.publicKey),
  };
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): string {
  const size = details?.modulusLength ?? details?.namedCurve ?? '';
  return `${(asymmetricKeyType ?? 'unknown').toUpperCase()} ${size}`.trim();
}
