import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { BitString, Integer, Null, Utf8String } from 'asn1js';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  Certificate,
  Extension,
  ExtKeyUsage,
} from 'pkijs';
import { toPfx } from './to-pfx.ts';

export interface CreatedCertificate {
  /** PKCS #12 with key and certificate, encrypted with AES-256. */
  readonly pfx: Buffer;
  /** Opens the PFX; 32 characters nobody chose. */
  readonly password: string;
  /** The public part as DER: the CER file to upload. */
  readonly cer: Buffer;
  /** SHA-1 of the certificate, in capital hex, as Windows and Entra show it. */
  readonly thumbprint: string;
  readonly notAfter: Date;
}

/** RSA with 2048 bits is what app-only sign-in is known to work with; elliptic curves are not. */
const SIGNATURE = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const;
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const COMMON_NAME = '2.5.4.3';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';
/** For clocks that are slow. */
const ALREADY_VALID_MS = 60 * 60_000;

/** Makes a self-signed certificate to sign in with, with a new RSA key, good for `validMs` from now. */
export async function createCertificate(
  commonName: string,
  validMs: number,
): Promise<CreatedCertificate> {
  const keys = await webcrypto.subtle.generateKey(SIGNATURE, true, ['sign', 'verify']);
  const certificate = await selfSigned(commonName, keys, validMs);
  const password = randomBytes(24).toString('base64url');
  const cer = Buffer.from(certificate.toSchema(true).toBER());
  return {
    pfx: await toPfx(certificate, keys.privateKey, password),
    password,
    cer,
    thumbprint: createHash('sha1').update(cer).digest('hex').toUpperCase(),
    notAfter: certificate.notAfter.value,
  };
}

async function selfSigned(
  commonName: string,
  keys: webcrypto.CryptoKeyPair,
  validMs: number,
): Promise<Certificate> {
  const certificate = new Certificate();
  const name = () =>
    new AttributeTypeAndValue({ type: COMMON_NAME, value: new Utf8String({ value: commonName }) });
  certificate.version = 2;
  certificate.serialNumber = new Integer({ valueHex: serialNumber() });
  certificate.issuer.typesAndValues.push(name());
  certificate.subject.typesAndValues.push(name());
  certificate.notBefore.value = new Date(Date.now() - ALREADY_VALID_MS);
  certificate.notAfter.value = new Date(Date.now() + validMs);
  certificate.extensions = [signsOnly(), forClients()];
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await sign(certificate, keys.privateKey);
  return certificate;
}

/** The library's own `sign` leaves out the parameters that RFC 4055 (section 5) wants written as NULL. */
async function sign(certificate: Certificate, key: webcrypto.CryptoKey): Promise<void> {
  const algorithm = { algorithmId: SHA256_WITH_RSA, algorithmParams: new Null() };
  certificate.signature = new AlgorithmIdentifier(algorithm);
  certificate.signatureAlgorithm = new AlgorithmIdentifier(algorithm);
  const signed = certificate.encodeTBS().toBER();
  certificate.tbsView = new Uint8Array(signed);
  const signature = await webcrypto.subtle.sign(SIGNATURE.name, key, signed);
  certificate.signatureValue = new BitString({ valueHex: signature });
}

/** Positive, and without a leading zero byte: both would be another number, or another encoding of it. */
function serialNumber(): ArrayBuffer {
  const bytes = new Uint8Array(randomBytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.buffer;
}

function signsOnly(): Extension {
  const digitalSignature = new BitString({ valueHex: Uint8Array.of(0x80).buffer, unusedBits: 7 });
  return new Extension({
    extnID: KEY_USAGE,
    critical: true,
    extnValue: digitalSignature.toBER(),
  });
}

function forClients(): Extension {
  const usage = new ExtKeyUsage({ keyPurposes: [CLIENT_AUTHENTICATION] });
  return new Extension({ extnID: EXTENDED_KEY_USAGE, extnValue: usage.toSchema().toBER() });
}
