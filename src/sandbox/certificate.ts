import { randomBytes, webcrypto } from 'node:crypto';
import { Integer, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  AuthenticatedSafe,
  CertBag,
  Certificate,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
} from 'pkijs';

export interface RehearsalCertificate {
  /** PKCS #12 with key and certificate, encrypted with AES. */
  readonly pfx: Buffer;
  readonly password: string;
  /** SHA-1 of the certificate, in capital hex, as Windows and Entra show it. */
  readonly thumbprint: string;
}

const SIGNATURE = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const;
const COMMON_NAME = '2.5.4.3';
const KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const VALID_MS = 24 * 60 * 60 * 1_000;

/** Makes a self-signed certificate for a rehearsal: good for a day, with a password nobody chose. */
export async function makeCertificate(
  subject = 'exo-bridge rehearsal',
): Promise<RehearsalCertificate> {
  const keys = await webcrypto.subtle.generateKey(SIGNATURE, true, ['sign', 'verify']);
  const certificate = await selfSigned(subject, keys);
  const password = randomBytes(24).toString('base64url');
  const der = certificate.toSchema(true).toBER();
  const digest = await webcrypto.subtle.digest('SHA-1', der);
  return {
    pfx: await toPfx(certificate, keys.privateKey, password),
    password,
    thumbprint: Buffer.from(digest).toString('hex').toUpperCase(),
  };
}

async function selfSigned(subject: string, keys: webcrypto.CryptoKeyPair): Promise<Certificate> {
  const certificate = new Certificate();
  const name = () =>
    new AttributeTypeAndValue({ type: COMMON_NAME, value: new Utf8String({ value: subject }) });
  certificate.version = 2;
  certificate.serialNumber = new Integer({ value: 1 });
  certificate.issuer.typesAndValues.push(name());
  certificate.subject.typesAndValues.push(name());
  // An hour of the past, for clocks that are slow.
  certificate.notBefore.value = new Date(Date.now() - VALID_MS / 24);
  certificate.notAfter.value = new Date(Date.now() + VALID_MS);
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(keys.privateKey, SIGNATURE.hash);
  return certificate;
}

async function toPfx(
  certificate: Certificate,
  privateKey: webcrypto.CryptoKey,
  password: string,
): Promise<Buffer> {
  const passwordBytes = new TextEncoder().encode(password).buffer;
  const key = new PKCS8ShroudedKeyBag({
    parsedValue: PrivateKeyInfo.fromBER(await webcrypto.subtle.exportKey('pkcs8', privateKey)),
  });
  await key.makeInternalValues({
    password: passwordBytes,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
    hmacHashAlgorithm: SIGNATURE.hash,
    iterationCount: 10_000,
  });
  const safeBags = [
    new SafeBag({ bagId: KEY_BAG, bagValue: key }),
    new SafeBag({ bagId: CERTIFICATE_BAG, bagValue: new CertBag({ parsedValue: certificate }) }),
  ];
  const safe = new AuthenticatedSafe({
    parsedValue: { safeContents: [{ privacyMode: 0, value: new SafeContents({ safeBags }) }] },
  });
  await safe.makeInternalValues({ safeContents: [{}] });
  const pfx = new PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } });
  await pfx.makeInternalValues({
    password: passwordBytes,
    iterations: 10_000,
    pbkdf2HashAlgorithm: SIGNATURE.hash,
    hmacHashAlgorithm: SIGNATURE.hash,
  });
  return Buffer.from(pfx.toSchema().toBER());
}
