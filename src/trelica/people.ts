import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { parseAddress } from '../offboarding/address.ts';
import type { People, PersonRecord } from '../offboarding/ports.ts';
import type { Client } from './client.ts';

const text = z.string().nullish().catch(undefined);

const wireRecord = z.looseObject({
  id: z.string(),
  email: z.unknown().optional(),
  name: text,
  firstName: text,
  lastName: text,
  lineManager: z.looseObject({ email: z.unknown().optional() }).nullish().catch(undefined),
});

/** People as Trelica keeps them (https://www.1password.dev/api-reference/people/get-a-person). */
export function createPeople(client: Client): People {
  return { find: (idOrEmail) => find(client, idOrEmail) };
}

async function find(client: Client, idOrEmail: string): Promise<PersonRecord> {
  try {
    const record = await client.find(client.endpoints.person(idOrEmail), wireRecord);
    return record === undefined ? { kind: 'missing' } : recordOf(record, idOrEmail);
  } catch (error) {
    const refusal = error instanceof ServiceError ? refusalOf(error) : undefined;
    if (refusal === undefined) {
      throw error;
    }
    return refusal;
  }
}

function refusalOf({ code, facts }: ServiceError): PersonRecord | undefined {
  if (code === 'trelica.forbidden') {
    return { kind: 'forbidden' };
  }
  return code === 'trelica.request-refused' && facts['status'] === 409
    ? { kind: 'ambiguous' }
    : undefined;
}

function recordOf(record: z.infer<typeof wireRecord>, asked: string): PersonRecord {
  if (!asked.includes('@') && record.id !== asked) {
    throw new ServiceError('trelica.answer-invalid', 'the answer is about another person');
  }
  const { name, firstName, lastName } = record;
  const parts = [firstName, lastName].filter(Boolean).join(' ');
  return {
    kind: 'found',
    email: parseAddress(record.email),
    name: name || parts || undefined,
    managerEmail: parseAddress(record.lineManager?.email),
  };
}
