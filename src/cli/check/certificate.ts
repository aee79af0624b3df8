import { type CertificateFacts, readCertificate } from '../../certificate/read-certificate.ts';
import type { Config } from '../../config.ts';
import { bad, badFrom, type Finding, good, skipped, warning } from './finding.ts';

const WHAT = 'Certificate';
const DAY_MS = 24 * 60 * 60_000;
/** As early as the service itself warns. */
const WARN_DAYS = 30;

/** Opens, has its key, is valid now, is the one that was configured. `now` is the wall clock's time. */
export async function checkCertificate(
  { exchange, secrets }: Pick<Config, 'exchange' | 'secrets'>,
  now: number,
): Promise<Finding> {
  if (secrets.certificate === undefined) {
    return exchange.signIn === 'thumbprint'
      ? warning(
          WHAT,
          'it is in the certificate store of Windows, and was not opened',
          'see that its key has a CSP provider, not a CNG one, which the module does not take',
        )
      : skipped(WHAT, `not used with signIn: ${exchange.signIn}`);
  }
  const { pfx, password } = secrets.certificate;
  try {
    const facts = await readCertificate(Buffer.from(pfx, 'base64'), password);
    return judge(facts, exchange.certificateThumbprint, now);
  } catch (error) {
    return badFrom(WHAT, error);
  }
}

function judge(facts: CertificateFacts, configured: string | undefined, now: number): Finding {
  const { subject, thumbprint, notBefore, notAfter, algorithm } = facts;
  const renew = 'make a new one with exo-bridge cert create, and upload its CER to the app';
  const days = Math.floor((notAfter.getTime() - now) / DAY_MS);
  if (notAfter.getTime() <= now) {
    return bad(WHAT, `${subject} expired on ${dateOf(notAfter)}`, renew);
  }
  if (notBefore.getTime() > now) {
    return bad(
      WHAT,
      `${subject} is not valid before ${dateOf(notBefore)}`,
      'set the clock, or wait',
    );
  }
  if (configured !== undefined && configured.toUpperCase() !== thumbprint) {
    return bad(
      WHAT,
      `its thumbprint is ${thumbprint}, not the configured ${configured.toUpperCase()}`,
      'correct exchange.certificateThumbprint, or use the other PFX',
    );
  }
  if (!algorithm.startsWith('RSA')) {
    return warning(
      WHAT,
      `${subject} has a key of type ${algorithm}`,
      `only RSA is known to work: ${renew}`,
    );
  }
  const seen = `${subject}, ${thumbprint}, valid until ${dateOf(notAfter)}`;
  return days < WARN_DAYS ? warning(WHAT, `${seen}: ${days} days left`, renew) : good(WHAT, seen);
}

function dateOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
