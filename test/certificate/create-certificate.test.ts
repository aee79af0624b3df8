import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import {
  type CreatedCertificate,
  createCertificate,
} from '../../src/certificate/create-certificate.ts';
import { readCertificate, readPublicCertificate } from '../../src/certificate/read-certificate.ts';

const DAY_MS = 24 * 60 * 60_000;

describe('a created certificate', () => {
  let created: CreatedCertificate;
  before(async () => {
    created = await createCertificate('exo-bridge contoso.onmicrosoft.com', 365 * DAY_MS);
  });

  test('is read back with its key from the PFX, and without it from the CER', async () => {
    const facts = await readCertificate(created.pfx, created.password);
    assert.deepEqual(readPublicCertificate(created.cer), { ...facts, hasPrivateKey: false });
    assert.equal(facts.thumbprint, created.thumbprint);
    assert.equal(facts.subject, 'CN=exo-bridge contoso.onmicrosoft.com');
    assert.equal(facts.algorithm, 'RSA 2048');
  });

  test("opens with Node's OpenSSL, too", () => {
    createSecureContext({ pfx: created.pfx, passphrase: created.password });
  });

  test('is for client authentication, signed with SHA-256, and valid for as long as was asked', () => {
    const certificate = new X509Certificate(created.cer);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.equal(certificate.signatureAlgorithm, 'sha256WithRSAEncryption');
    assert.ok(certificate.verify(certificate.publicKey));
    const days = (created.notAfter.getTime() - Date.now()) / DAY_MS;
    assert.ok(days > 364 && days <= 365);
  });

  test('is another one each time: serial number, key and password', async () => {
    const other = await createCertificate('exo-bridge contoso.onmicrosoft.com', DAY_MS);
    assert.notEqual(other.password, created.password);
    assert.notEqual(other.thumbprint, created.thumbprint);
    const serial = ({ cer }: CreatedCertificate) => new X509Certificate(cer).serialNumber;
    assert.notEqual(serial(other), serial(created));
  });
});
