import forge from 'node-forge';
import { ServiceError } from '../errors.ts';

/** DER of what a PFX file holds: certificates as X.509, keys as PKCS #8. */
export interface Contents {
  readonly certificates: readonly Buffer[];
  readonly keys: readonly Buffer[];
}

const NEW_EXPORT =
  'export it again with AES-256 (on Windows: Export-PfxCertificate -CryptoAlgorithmOption AES256_SHA256)';

/**
 * Opens the envelope of a PFX file: today's encryption (AES, SHA-2) and what Windows and older OpenSSL write
 * (triple DES, RC2, SHA-1). Throws `certificate.unreadable` with cause and cure.
 */
export function openPfx(pfx: Buffer, password: string): Contents {
  const envelope = decrypt(parse(pfx), password);
  const bags = envelope.safeContents.flatMap(({ safeBags }) => safeBags);
  return {
    certificates: bags.filter(isCertificate).map(toCertificate),
    keys: bags.filter(isKey).map(toKey),
  };
}

function parse(pfx: Buffer): forge.asn1.Asn1 {
  try {
    return forge.asn1.fromDer(pfx.toString('latin1'));
  } catch (cause) {
    const message = 'this is not a PFX file, or it is damaged: copy or export it again';
    throw new ServiceError('certificate.unreadable', message, { cause });
  }
}

function decrypt(file: forge.asn1.Asn1, password: string): forge.pkcs12.Pkcs12Pfx {
  const failures: unknown[] = [];
  for (const spelling of spellings(password)) {
    try {
      return forge.pkcs12.pkcs12FromAsn1(file, true, spelling);
    } catch (error) {
      failures.push(error);
    }
  }
  const message = obstacle(failures[0], password);
  throw new ServiceError('certificate.unreadable', message, { cause: failures[0] });
}

/** An empty password is written in two ways: as an empty text with its end mark, and as nothing at all. */
function spellings(password: string): readonly (string | undefined)[] {
  return password === '' ? ['', undefined] : [password];
}

/** The library has no codes: its sentences are all that tells these causes apart. */
function obstacle(error: unknown, password: string): string {
  const text = error instanceof Error ? error.message : '';
  if (/unsupported/i.test(text)) {
    return `the PFX file is encrypted in a way that cannot be read: ${NEW_EXPORT}`;
  }
  if (!/MAC could not be verified|decrypt/.test(text)) {
    return 'this is not a PFX file, or it is damaged: copy or export it again';
  }
  return /^[\x20-\x7e]*$/.test(password)
    ? 'the password does not open the PFX file: give the one it was exported with'
    : 'the password does not open the PFX file: if it is the right one, export the file again with a password of plain ASCII characters';
}

function isCertificate({ type }: forge.pkcs12.Bag): boolean {
  return type === forge.pki.oids['certBag'];
}

function isKey({ type }: forge.pkcs12.Bag): boolean {
  return type === forge.pki.oids['keyBag'] || type === forge.pki.oids['pkcs8ShroudedKeyBag'];
}

/** What the library does not understand (elliptic curves) it hands on as it is. */
function toCertificate({ cert, asn1 }: forge.pkcs12.Bag): Buffer {
  return toDer(cert ? asWritten(cert) : asn1);
}

/**
 * The library writes the name of the signature's algorithm in its own way, which would change the thumbprint.
 * The signed part names the same algorithm (RFC 5280, 4.1.1.2), as it was written.
 */
function asWritten(certificate: forge.pki.Certificate): forge.asn1.Asn1 {
  const { Class, Type, create } = forge.asn1;
  const [, , signature] = partsOf(forge.pki.certificateToAsn1(certificate));
  const algorithm = partsOf(certificate.tbsCertificate).find(
    ({ tagClass, type }) => tagClass === Class.UNIVERSAL && type === Type.SEQUENCE,
  );
  if (algorithm === undefined || signature === undefined) {
    throw new ServiceError('certificate.unreadable', 'a certificate in the PFX file is damaged');
  }
  const parts = [certificate.tbsCertificate, algorithm, signature];
  return create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);
}

function partsOf({ value }: forge.asn1.Asn1): readonly forge.asn1.Asn1[] {
  return typeof value === 'string' ? [] : value;
}

function toKey({ key, asn1 }: forge.pkcs12.Bag): Buffer {
  return toDer(key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)) : asn1);
}

function toDer(value: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(value).getBytes(), 'latin1');
}
