import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateStatus } from '../../src/certificate/keeper.ts';
import { createReadiness } from '../../src/service/readiness.ts';

const FACTS = {
  thumbprint: 'AB',
  subject: 'CN=x',
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2026-12-24T00:00:00Z'),
  hasPrivateKey: true,
  algorithm: 'RSA 2048',
};
const GOOD: CertificateStatus = {
  facts: FACTS,
  daysLeft: 300,
  obstacle: undefined,
  refused: undefined,
};

async function ofCertificate(status: Partial<CertificateStatus>) {
  const readiness = createReadiness({
    store: { check: async () => undefined, paused: async () => undefined },
    sessions: { status: { obstacle: undefined } },
    directory: { check: async () => [] },
    outage: () => undefined,
    lookAfter: () => undefined,
    certificate: { status: { ...GOOD, ...status } },
    now: () => 0,
  });
  return (await readiness()).find(({ name }) => name === 'certificate');
}

test('a certificate that expires soon is told, and keeps nothing from being ready', async () => {
  assert.deepEqual(await ofCertificate({}), { name: 'certificate', ready: true });
  assert.deepEqual(await ofCertificate({ daysLeft: 12, refused: 'wrong password' }), {
    name: 'certificate',
    ready: true,
    reason: 'expires on 2026-12-24, in 12 days; another certificate is not taken: wrong password',
  });
});

test('a certificate that nobody can sign in with is an obstacle', async () => {
  assert.deepEqual(await ofCertificate({ daysLeft: -1, obstacle: 'it expired' }), {
    name: 'certificate',
    ready: false,
    reason: 'it expired',
  });
});
