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
