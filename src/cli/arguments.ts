import { InvalidArgumentError } from 'commander';
import { type EmailAddress, parseAddress } from '../offboarding/address.ts';

/** What may stand behind an option; anything else is told as a fault of the command line. */

export function address(text: string): EmailAddress {
  const parsed = parseAddress(text);
  if (parsed === undefined) {
    throw new InvalidArgumentError('One plain e-mail address is expected.');
  }
  return parsed;
}

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('A whole number is expected.');
  }
  return value;
}

export function url(text: string): string {
  const parsed = URL.parse(text);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new InvalidArgumentError('An http or https address is expected.');
  }
  return parsed.href;
}

export function domain(text: string): string {
  if (!/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(text)) {
    throw new InvalidArgumentError('A domain name is expected, e.g. contoso.onmicrosoft.com.');
  }
  return text.toLowerCase();
}

/** Of a certificate: Entra takes longer ones, but nobody remembers them. */
export function days(text: string): number {
  const value = count(text);
  if (value < 1 || value > 1_095) {
    throw new InvalidArgumentError('A whole number from 1 to 1095 is expected.');
  }
  return value;
}
