import { z } from 'zod';
import { call } from '../cmdlets/call.ts';
import { opathText } from '../cmdlets/opath.ts';
import { ServiceError } from '../errors.ts';
import { type EmailAddress, parseAddress } from '../offboarding/address.ts';
import { guidCell, parseCells } from '../offboarding/cells.ts';
import type { Cells, Exchange, Recipient, Resolution } from '../offboarding/ports.ts';

/** How long a filter may become is not documented; ten addresses stay far below what works. */
const ADDRESSES_A_CALL = 10;
/** Far more than ten addresses can have owners. */
const MOST_ROWS = 100;

/**
 * For each address, exactly one recipient that really has it. The filter asks for any of an object's
 * addresses, and each answer is checked against the address that was asked: a Get- cmdlet that does not
 * like its question may answer with every object.
 */
export async function resolveAddresses(
  addresses: readonly EmailAddress[],
  read: Exchange['read'],
): Promise<ReadonlyMap<EmailAddress, Resolution>> {
  const wanted = [...new Set(addresses)];
  const candidates: Candidate[] = [];
  for (let start = 0; start < wanted.length; start += ADDRESSES_A_CALL) {
    const some = wanted.slice(start, start + ADDRESSES_A_CALL);
    candidates.push(...(await findAny(some, read)).map(parseCandidate));
  }
  return new Map(wanted.map((address) => [address, pick(address, candidates)]));
}

async function findAny(
  addresses: readonly EmailAddress[],
  read: Exchange['read'],
): Promise<readonly Cells[]> {
  const filter = addresses
    .map((address) => `EmailAddresses -eq ${opathText(address)}`)
    .join(' -or ');
  const rows = await read(
    call('Get-Recipient', { Filter: filter, ResultSize: String(MOST_ROWS) }, [
      'Guid',
      'DistinguishedName',
      'DisplayName',
      'PrimarySmtpAddress',
      'EmailAddresses',
      'RecipientTypeDetails',
    ]),
  );
  // A full page may not hold the one that was asked for: "missing" would be a guess.
  if (rows.length >= MOST_ROWS) {
    throw new ServiceError('exchange.answer-invalid', 'too many recipients fit', {
      facts: { rows: rows.length },
    });
  }
  return rows;
}

interface Candidate {
  readonly row: z.infer<typeof recipientRow>;
  readonly addresses: ReadonlySet<string>;
}

const recipientRow = z.object({
  Guid: guidCell,
  DistinguishedName: z.string().min(1),
  DisplayName: z.string().nullish(),
  PrimarySmtpAddress: z.string().nullish(),
  EmailAddresses: z.union([z.array(z.string()), z.string()]).nullish(),
  RecipientTypeDetails: z.string().min(1),
});

function parseCandidate(row: Cells): Candidate {
  const recipient = parseCells(recipientRow, row, 'a recipient');
  const { PrimarySmtpAddress: primary, EmailAddresses: proxies } = recipient;
  const all = [primary ?? '', ...(typeof proxies === 'string' ? [proxies] : (proxies ?? []))];
  const addresses = new Set(all.map((proxy) => proxy.replace(/^smtp:/i, '').toLowerCase()));
  return { row: recipient, addresses };
}

function pick(address: EmailAddress, candidates: readonly Candidate[]): Resolution {
  const fits = candidates.filter(({ addresses }) => addresses.has(address));
  const distinct = new Map(fits.map((one) => [one.row.Guid.toLowerCase(), one]));
  const [first] = distinct.values();
  if (first === undefined) {
    return { kind: 'missing' };
  }
  return distinct.size === 1
    ? { kind: 'found', recipient: toRecipient(address, first) }
    : { kind: 'ambiguous', count: distinct.size };
}

/** A primary address that is none of ours is shown as the one that was asked for. */
function toRecipient(asked: EmailAddress, { row, addresses }: Candidate): Recipient {
  const address = parseAddress(row.PrimarySmtpAddress) ?? asked;
  return {
    guid: row.Guid,
    distinguishedName: row.DistinguishedName,
    address,
    addresses: [...addresses],
    displayName: row.DisplayName ?? address,
    type: row.RecipientTypeDetails,
  };
}
