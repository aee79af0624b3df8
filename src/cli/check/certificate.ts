import { type CertificateFacts, readCertificate } from '../../certificate/read-certificate.ts';
import { assertValid, dayOf, daysLeft, EXPIRES_SOON_DAYS } from '../../certificate/validity.ts';
import type { Config } from '../../config.ts';
import { cureOf } from '../cures.ts';
import { bad, badFrom, type Finding, good, skipped, warning } from './finding.ts';

const WHAT = 'Certificate';

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
    assertValid(facts, now);
    return judge(facts, exchange.certificateThumbprint, now);
  } catch (error) {
    return badFrom(WHAT, error);
  }
}

function judge(facts: CertificateFacts, configured: string | undefined, now: number): Finding {
  const { subject, thumbprint, notAfter, algorithm } = facts;
  if (configured !== undefined && configured.toUpperCase() !== thumbprint) {
    return bad(
      WHAT,
      `its thumbprint is ${thumbprint}, not the configured ${configured.toUpperCase()}`,
      'correct exchange.certificateThumbprint, or use the other PFX',
    );
  }
  const renew = cureOf('certificate.expired');
  if (!algorithm.startsWith('RSA')) {
    const cure = `only RSA is known to work: ${renew}`;
    return warning(WHAT, `${subject} has a key of type ${algorithm}`, cure);
  }
  const seen = `${subject}, ${thumbprint}, valid until ${dayOf(notAfter)}`;
  const days = daysLeft(notAfter, now);
  return days <= EXPIRES_SOON_DAYS
    ? warning(WHAT, `${seen}: ${days} days left`, renew)
    : good(WHAT, seen);
}
