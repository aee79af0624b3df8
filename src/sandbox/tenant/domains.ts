export const ORGANIZATION = 'contoso.onmicrosoft.com';
export const DOMAIN = 'example.org';

/** Those mail is taken for; whoever has an address elsewhere is a stranger here. */
export const ACCEPTED_DOMAINS: readonly string[] = [DOMAIN, ORGANIZATION, 'example.net'];

export function isAccepted(address: string): boolean {
  return ACCEPTED_DOMAINS.includes(address.split('@').at(-1)?.toLowerCase() ?? '');
}
