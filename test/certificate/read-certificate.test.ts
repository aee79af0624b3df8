import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Integer } from 'asn1js';
import { Certificate } from 'pkijs';
import { readCertificate, readPublicCertificate } from '../../src/certificate/read-certificate.ts';
import { toPfx } from '../../src/certificate/to-pfx.ts';
import { ServiceError } from '../../src/errors.ts';

/** Made by make-pfx.sh beside them; all hold the same certificate and key. */
const FOLDER = join(import.meta.dirname, 'pfx');
const PASSWORD = 'correct horse';
const pfx = (name: string) => readFileSync(join(FOLDER, `${name}.pfx`));
const LEAF = readFileSync(join(FOLDER, 'leaf.cer'));
const expected = readPublicCertificate(LEAF);

describe('a PFX file opens', () => {
  for (const [name, password] of [
    ['openssl-3', PASSWORD],
    ['openssl-3-chain', PASSWORD],
    ['openssl-3-empty-password', ''],
    ['windows-triple-des', PASSWORD],
    ['openssl-1-rc2', PASSWORD],
    ['openssl-1-rc2-empty-password', ''],
  ] as const) {
    test(`as ${name} and names the certificate that the key belongs to`, async () => {
      assert.deepEqual(await readCertificate(pfx(name), password), {
        ...expected,
        hasPrivateKey: true,
      });
    });
  }

  test('with a key on an elliptic curve, too', async () => {
    const { algorithm, hasPrivateKey } = await readCertificate(pfx('elliptic-curve'), PASSWORD);
    assert.deepEqual(
      { algorithm, hasPrivateKey },
      { algorithm: 'EC prime256v1', hasPrivateKey: true },
    );
  });
});

test('the thumbprint is that of the bytes in the file, however their maker wrote them', async () => {
  const { privateKey, publicKey } = await newKeys();
  const certificate = new Certificate();
  certificate.serialNumber = new Integer({ value: 1 });
  certificate.notBefore.value = certificate.notAfter.value = new Date();
  await certificate.subjectPublicKeyInfo.importKey(publicKey);
  // Names the algorithm without the NULL that others write behind it.
  await certificate.sign(privateKey, 'SHA-256');
  const { thumbprint } = readPublicCertificate(Buffer.from(certificate.toSchema().toBER()));
  const wrapped = await toPfx(certificate, privateKey, PASSWORD);
  assert.equal((await readCertificate(wrapped, PASSWORD)).thumbprint, thumbprint);
});

test('the facts are those that openssl prints', () => {
  const [thumbprint, subject, notAfter] = readFileSync(join(FOLDER, 'leaf.txt'), 'utf8').split(
    '\n',
  );
  assert.equal(expected.thumbprint, thumbprint);
  assert.equal(expected.subject, subject);
  assert.equal(expected.notAfter.getTime(), Date.parse(notAfter ?? ''));
  assert.equal(expected.algorithm, 'RSA 2048');
});

describe('a PFX file is refused with its cause and cure', () => {
  const cases = [
    ['openssl-3', 'canary', 'certificate.unreadable', /password does not open.*give the one/],
    ['windows-triple-des', 'canary', 'certificate.unreadable', /password does not open/],
    ['openssl-3', 'cänary', 'certificate.unreadable', /plain ASCII/],
    ['camellia', PASSWORD, 'certificate.unreadable', /encrypted in a way that cannot be read.*AES/],
    ['no-key', PASSWORD, 'certificate.no-key', /no private key: export it again/],
  ] as const;
  for (const [name, password, code, message] of cases) {
    test(`${name} with ${password === PASSWORD ? 'its password' : password}`, async () => {
      await assert.rejects(readCertificate(pfx(name), password), (error) => {
        assert.ok(error instanceof ServiceError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.stack} ${error.cause}`, /c[aä]nary/);
        return true;
      });
    });
  }

  test('with the key of another certificate', async () => {
    const { privateKey } = await newKeys();
    const mixed = await toPfx(Certificate.fromBER(LEAF), privateKey, PASSWORD);
    await assert.rejects(readCertificate(mixed, PASSWORD), {
      code: 'certificate.no-key',
      message: /belongs to none/,
    });
  });

  for (const [name, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('-----BEGIN CERTIFICATE-----')],
    ['half of one', pfx('openssl-3').subarray(0, 900)],
  ] as const) {
    test(name, async () => {
      await assert.rejects(readCertificate(bytes, PASSWORD), {
        code: 'certificate.unreadable',
        message: /not a PFX file, or it is damaged/,
      });
    });
  }
});

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  };
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
