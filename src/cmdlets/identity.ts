import { ServiceError } from '../errors.ts';

declare const isParsed: unique symbol;
/** Proof that a text names one object and cannot match several: a GUID or one e-mail address. */
export type Identity = string & { readonly [isParsed]: 'identity' };

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EMPTY_GUID = '00000000-0000-0000-0000-000000000000';
// No quote but the apostrophe, no blank, no wildcard: what is left cannot end a string or match twice.
const ADDRESS =
  /^[A-Za-z0-9!#$%&'+/=?^_~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))+$/;

/** True for one plain e-mail address of at most 254 characters. */
export function isAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text);
}

/**
 * Turns a text into an identity or throws `exchange.identity-refused`. An empty, null or wildcard
 * identity makes a Get- cmdlet return every object and a Set- cmdlet hit the wrong one.
 */
export function parseIdentity(value: unknown): Identity {
  if (typeof value === 'string' && value !== EMPTY_GUID && (GUID.test(value) || isAddress(value))) {
    return value as Identity;
  }
  throw new ServiceError('exchange.identity-refused', 'not a GUID and not one e-mail address', {
    facts: { type: value === null ? 'null' : typeof value },
  });
}
