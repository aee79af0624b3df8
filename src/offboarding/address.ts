import { z } from 'zod';
import { type Identity, isAddress, parseIdentity } from '../cmdlets/identity.ts';

declare const isAddressParsed: unique symbol;
/** One plain e-mail address, in lower case. */
export type EmailAddress = Identity & { readonly [isAddressParsed]: 'address' };

/** The address in a text that may have blanks around it; undefined if it is not exactly one. */
export function parseAddress(text: unknown): EmailAddress | undefined {
  if (typeof text !== 'string') {
    return undefined;
  }
  const candidate = text.trim().toLowerCase();
  return isAddress(candidate) ? (parseIdentity(candidate) as EmailAddress) : undefined;
}

/** An address in a setting. */
export const addressSetting = z.string().transform((text, context): EmailAddress => {
  const address = parseAddress(text);
  if (address === undefined) {
    context.addIssue('must be one plain e-mail address');
    return z.NEVER;
  }
  return address;
});

export function domainOf(address: EmailAddress): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
