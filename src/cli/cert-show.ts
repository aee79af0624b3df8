import { readFileSync } from 'node:fs';
import {
  type CertificateFacts,
  readCertificate,
  readPublicCertificate,
} from '../certificate/read-certificate.ts';
import { dayOf, daysLeft } from '../certificate/validity.ts';
import { environment } from '../config.ts';
import { codeOf, ServiceError } from '../errors.ts';
import { readCertificatePassword } from '../secrets.ts';
import { Refusal } from './failure.ts';

export interface CertShowOptions {
  readonly passwordFile?: string;
  readonly json?: boolean;
}

/** Prints what a PFX or CER file holds; 1 if the certificate is not valid now. */
export async function showCert(file: string, options: CertShowOptions): Promise<number> {
  const facts = await read(file, options);
  const now = Date.now();
  const left = daysLeft(facts.notAfter, now);
  const isValid = facts.notBefore.getTime() <= now && now < facts.notAfter.getTime();
  console.log(
    options.json
      ? JSON.stringify({ ...facts, daysLeft: left, isValid }, undefined, 2)
      : text(facts, left),
  );
  return isValid ? 0 : 1;
}

async function read(file: string, { passwordFile }: CertShowOptions): Promise<CertificateFacts> {
  const bytes = readBytes(file);
  if (/\.(cer|crt|der|pem)$/i.test(file)) {
    return readPublicCertificate(bytes);
  }
  const variables =
    passwordFile === undefined
      ? environment()
      : { EXO_BRIDGE_CERTIFICATE_PASSWORD_FILE: passwordFile };
  const password = readCertificatePassword(variables);
  return readCertificate(bytes, password).catch((error: unknown) => {
    throw password === '' ? withoutPassword(error) : error;
  });
}

/** A file without a password is rare: who named none has mostly forgotten it. */
function withoutPassword(error: unknown): unknown {
  return codeOf(error) === 'certificate.unreadable'
    ? new Refusal(
        'the PFX file does not open without a password',
        'name the file that holds it: --password-file',
      )
    : error;
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault';
    throw new ServiceError('certificate.unreadable', `${file} cannot be read (${code})`, { cause });
  }
}

function text(facts: CertificateFacts, left: number): string {
  const { thumbprint, subject, notBefore, notAfter, algorithm, hasPrivateKey } = facts;
  return `Thumbprint  ${thumbprint}
Subject     ${subject}
Valid       ${dayOf(notBefore)} to ${dayOf(notAfter)} (${left < 0 ? 'expired' : `${left} days left`})
Key         ${algorithm}${hasPrivateKey ? ', private key included' : ', public part only'}`;
}
