import { z } from 'zod';
import { call } from '../cmdlets/call.ts';
import { parseIdentity } from '../cmdlets/identity.ts';
import { opathText } from '../cmdlets/opath.ts';
import { ServiceError } from '../errors.ts';
import { type EmailAddress, parseAddress } from '../offboarding/address.ts';
import type { Cells, Exchange, Recipient, Resolution } from '../offboarding/ports.ts';

/** How long a filter may become is not documented; ten addresses stay far below what works. */
const ADDRESSES_A_CALL = 10;

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

function findAny(
  addresses: readonly EmailAddress[],
  read: Exchange['read'],
): Promise<readonly Cells[]> {
  const filter = addresses
    .map((address) => `EmailAddresses -eq ${opathText(address)}`)
    .join(' -or ');
  return read(
    call('Get-Recipient', { Filter: filter, ResultSize: '100' }, [
      'Guid',
      'DisplayName',
      'PrimarySmtpAddress',
      'EmailAddresses',
      'RecipientTypeDetails',
    ]),
  );
}

interface Candidate {
  readonly recipient: Recipient;
  readonly addresses: ReadonlySet<string>;
}

const recipientRow = z.object({
  Guid: z.string(),
  DisplayName: z.string().nullish(),
  PrimarySmtpAddress: z.string(),
  EmailAddresses: z.union([z.array(z.string()), z.string()]).nullish(),
  RecipientTypeDetails: z.string().min(1),
});

function parseCandidate(row: Cells): Candidate {
  const parsed = recipientRow.safeParse(row);
  const primary = parsed.success ? parseAddress(parsed.data.PrimarySmtpAddress) : undefined;
  if (!parsed.success || primary === undefined) {
    throw new ServiceError('exchange.answer-invalid', 'a recipient of unknown form', {
      cause: parsed.error,
    });
  }
  const { Guid, DisplayName, EmailAddresses, RecipientTypeDetails } = parsed.data;
  const proxies = typeof EmailAddresses === 'string' ? [EmailAddresses] : (EmailAddresses ?? []);
  return {
    recipient: {
      guid: parseIdentity(Guid),
      address: primary,
      displayName: DisplayName ?? primary,
      type: RecipientTypeDetails,
    },
    addresses: new Set([
      primary,
      ...proxies.map((proxy) => proxy.replace(/^smtp:/i, '').toLowerCase()),
    ]),
  };
}

function pick(address: EmailAddress, candidates: readonly Candidate[]): Resolution {
  const fits = candidates.filter(({ addresses }) => addresses.has(address));
  const distinct = new Map(fits.map(({ recipient }) => [recipient.guid.toLowerCase(), recipient]));
  const [first] = distinct.values();
  if (first === undefined) {
    return { kind: 'missing' };
  }
  return distinct.size === 1
    ? { kind: 'found', recipient: first }
    : { kind: 'ambiguous', count: distinct.size };
}
