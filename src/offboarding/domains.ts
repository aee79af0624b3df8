import { z } from 'zod';
import { call } from '../cmdlets/call.ts';
import { domainOf, type EmailAddress } from './address.ts';
import { parseCells } from './cells.ts';
import type { Cells } from './ports.ts';

/** Reads the domains whose mail the organisation accepts. */
export const READ_DOMAINS = call('Get-AcceptedDomain', {}, ['DomainName']);

const domainRow = z.object({ DomainName: z.string() });

/** Whether an address is in none of these domains. Throws `exchange.answer-invalid`. */
export function isOutside(address: EmailAddress, domains: readonly Cells[]): boolean {
  return !domains
    .map((row) => parseCells(domainRow, row, 'a domain').DomainName.toLowerCase())
    .includes(domainOf(address));
}
