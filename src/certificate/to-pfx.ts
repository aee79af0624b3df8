import { webcrypto } from 'node:crypto';
import { BmpString, OctetString } from 'asn1js';
import {
  Attribute,
  AuthenticatedSafe,
  CertBag,
  type Certificate,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
} from 'pkijs';

const KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';
const KEY_PROVIDER = '1.3.6.1.4.1.311.17.1';
/**
 * Tells Windows to keep the key with a CSP: Microsoft's page on app-only sign-in rejects CNG keys, and without
 * this name Windows chooses for itself. Other systems have no providers and read past it.
 */
const CSP = 'Microsoft Enhanced RSA and AES Cryptographic Provider';
const HASH = 'SHA-256';
const ITERATIONS = 10_000;

/** Wraps certificate and key as PKCS #12: AES-256 and SHA-256, which .NET reads on every system. */
export async function toPfx(
  certificate: Certificate,
  privateKey: webcrypto.CryptoKey,
  password: string,
): Promise<Buffer> {
  const passwordBytes = new TextEncoder().encode(password).buffer;
  const safeBags = [
    new SafeBag({
      bagId: KEY_BAG,
      bagValue: await shroud(privateKey, passwordBytes),
      bagAttributes: [belongsTogether(), provider()],
    }),
    new SafeBag({
      bagId: CERTIFICATE_BAG,
      bagValue: new CertBag({ parsedValue: certificate }),
      bagAttributes: [belongsTogether()],
    }),
  ];
  const safe = new AuthenticatedSafe({
    parsedValue: { safeContents: [{ privacyMode: 0, value: new SafeContents({ safeBags }) }] },
  });
  await safe.makeInternalValues({ safeContents: [{}] });
  const pfx = new PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: safe } });
  await pfx.makeInternalValues({
    password: passwordBytes,
    iterations: ITERATIONS,
    pbkdf2HashAlgorithm: HASH,
    hmacHashAlgorithm: HASH,
  });
  return Buffer.from(pfx.toSchema().toBER());
}

async function shroud(
  privateKey: webcrypto.CryptoKey,
  password: ArrayBuffer,
): Promise<PKCS8ShroudedKeyBag> {
  const key = new PKCS8ShroudedKeyBag({
    parsedValue: PrivateKeyInfo.fromBER(await webcrypto.subtle.exportKey('pkcs8', privateKey)),
  });
  await key.makeInternalValues({
    password,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
    hmacHashAlgorithm: HASH,
    iterationCount: ITERATIONS,
  });
  // It comes in pieces, which only readers of BER put together again.
  key.encryptedData = new OctetString({ valueHex: key.encryptedData.getValue() });
  return key;
}

function belongsTogether(): Attribute {
  const id = new OctetString({ valueHex: Uint8Array.of(1).buffer });
  return new Attribute({ type: LOCAL_KEY_ID, values: [id] });
}

function provider(): Attribute {
  return new Attribute({ type: KEY_PROVIDER, values: [new BmpString({ value: CSP })] });
}
