import { ServiceError } from '../errors.ts';
import type { CertificateFacts } from './read-certificate.ts';

const DAY_MS = 24 * 60 * 60_000;

/** From here on its end is spoken of. */
export const EXPIRES_SOON_DAYS = 30;

/** Whole days until then, rounded down; negative from the moment of expiry. `now` is the wall's, in milliseconds. */
export function daysLeft(notAfter: Date, now: number): number {
  return Math.floor((notAfter.getTime() - now) / DAY_MS);
}

/** Throws `certificate.expired` outside the certificate's validity, also before it. */
export function assertValid({ notBefore, notAfter }: CertificateFacts, now: number): void {
  if (now >= notAfter.getTime()) {
    throw new ServiceError(
      'certificate.expired',
      `the certificate expired on ${dayOf(notAfter)}: make a new one and put it in its place`,
    );
  }
  if (now < notBefore.getTime()) {
    throw new ServiceError(
      'certificate.expired',
      `the certificate is not valid before ${dayOf(notBefore)}: set the clock of this machine, or take another one`,
    );
  }
}

/** As a person reads it, e.g. 2026-12-24. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
