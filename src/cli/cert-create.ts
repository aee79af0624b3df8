import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type CreatedCertificate, createCertificate } from '../certificate/create-certificate.ts';
import { dayOf } from '../certificate/validity.ts';
import { ServiceError } from '../errors.ts';
import { secretFileName } from '../secrets.ts';

export interface CertCreateOptions {
  readonly organization: string;
  readonly out: string;
  /** The secrets folder, where the files get the names that the service looks for. */
  readonly secrets?: string;
  readonly days: number;
  readonly json?: boolean;
}

const DAY_MS = 24 * 60 * 60_000;

interface Files {
  readonly pfx: string;
  readonly password: string;
  readonly cer: string;
}

/** Writes a new certificate as three files, into a folder that it makes if need be, and says what to do with each. Throws `certificate.not-written`. */
export async function createCert(options: CertCreateOptions): Promise<number> {
  const { organization, days } = options;
  const files = filesFor(options);
  assertNew(files);
  const made = await createCertificate(`exo-bridge ${organization}`, days * DAY_MS);
  write(files.pfx, made.pfx, 0o600);
  write(files.password, `${made.password}\n`, 0o600);
  write(files.cer, made.cer, 0o644);
  console.log(
    options.json
      ? JSON.stringify(document(files, made), undefined, 2)
      : text(files, made, options.secrets !== undefined),
  );
  return 0;
}

function filesFor({ organization, out, secrets }: CertCreateOptions): Files {
  if (secrets !== undefined) {
    const inFolder = (name: string) => resolve(join(secrets, name));
    return {
      pfx: inFolder(secretFileName('EXO_BRIDGE_CERTIFICATE')),
      password: inFolder(secretFileName('EXO_BRIDGE_CERTIFICATE_PASSWORD')),
      cer: inFolder('certificate.cer'),
    };
  }
  const base = resolve(join(out, `exo-bridge-${organization}`));
  return { pfx: `${base}.pfx`, password: `${base}.password`, cer: `${base}.cer` };
}

/** Before a key is made, and before one of three files is written. */
function assertNew(files: Files): void {
  const present = Object.values(files).find((file) => existsSync(file));
  if (present !== undefined) {
    throw new ServiceError('certificate.not-written', `${present} is there already and is kept`);
  }
}

function write(file: string, content: string | Buffer, mode: number): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, content, { mode, flag: 'wx' });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault';
    const message = `${file} cannot be written (${code})`;
    throw new ServiceError('certificate.not-written', message, { cause });
  }
}

function document(files: Files, { thumbprint, notAfter }: CreatedCertificate) {
  return { thumbprint, notAfter: notAfter.toISOString(), files };
}

function text(
  files: Files,
  { thumbprint, notAfter }: CreatedCertificate,
  isInPlace: boolean,
): string {
  const found = (variable: string) =>
    isInPlace ? 'found by its name in the secrets folder' : `${variable}_FILE`;
  return `Thumbprint  ${thumbprint}
Valid until ${dayOf(notAfter)}

${files.pfx}
  certificate and key, for the service alone: ${found('EXO_BRIDGE_CERTIFICATE')}
${files.password}
  its password, for the service alone: ${found('EXO_BRIDGE_CERTIFICATE_PASSWORD')}
${files.cer}
  the public part. Upload it in Entra: App registrations › your app › Certificates & secrets ›
  Certificates › Upload certificate, and see that the thumbprint there is the one above.`;
}
