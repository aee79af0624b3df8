import { z } from 'zod';
import { call } from '../cmdlets/call.ts';
import { domainOf, type EmailAddress } from './address.ts';
import { parseCells } from './cells.ts';
import type { Cells } from './ports.ts';

/** The domains whose addresses the organisation has: what is in none of them is outside. */
export const READ_DOMAINS = call('Get-AcceptedDomain', {}, ['DomainName']);

const domainRow = z.object({ DomainName: z.string() });

/** Tells from the answer to `READ_DOMAINS` whether an address is outside the organisation. */
export function outsideOf(rows: readonly Cells[]): (address: EmailAddress) => boolean {
  const domains = new Set(
    rows.map((row) => parseCells(domainRow, row, 'a domain').DomainName.toLowerCase()),
  );
  return (address) => !domains.has(domainOf(address));
}
