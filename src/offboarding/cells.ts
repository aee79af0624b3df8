import { z } from 'zod';
import { type Identity, parseIdentity } from '../cmdlets/identity.ts';
import { ServiceError } from '../errors.ts';
import type { Cells } from './ports.ts';

/** A GUID in an answer, in lower case so that it can be compared; the empty one names nothing. */
export const guidCell = z
  .guid()
  .refine((text) => !/^[0-]+$/.test(text))
  .transform((text): Identity => parseIdentity(text.toLowerCase()));

/** A list of texts, which may come as one text or as nothing at all. */
export const textsCell = z
  .union([z.array(z.string()), z.string()])
  .nullish()
  .transform((value) => [value ?? []].flat().filter((text) => text !== ''));

/** Mail addresses as Exchange lists them, `SMTP:` for the first one: without that, in lower case. */
export const addressesCell = textsCell.transform((proxies) =>
  proxies.map((proxy) => proxy.replace(/^smtp:/i, '').toLowerCase()),
);

/** A list of names of an enumeration: as a list, or as one text such as `FullAccess, ReadPermission`. */
export const namesCell = textsCell.transform((texts) =>
  texts.flatMap((text) => text.split(/[,\s{}]+/)).filter((name) => name !== ''),
);

/**
 * A size: as the worker sends it, as text such as `1.2 GB (1,288,490,188 bytes)`, or as a mere number of
 * bytes. Undefined if it is none.
 */
export const bytesCell = z
  .union([
    z.object({ bytes: z.number() }).transform(({ bytes }) => bytes),
    z.string(),
    z.number().nonnegative(),
  ])
  .nullish()
  .transform((value) =>
    typeof value === 'string'
      ? toNumber(/\(([\d,.\s]+) bytes\)/i.exec(value)?.[1])
      : (value ?? undefined),
  );

function toNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits.replace(/\D/g, ''));
}

/** One object of an answer. Throws `exchange.answer-invalid`; `what` says what it should have been. */
export function parseCells<T>(schema: z.ZodType<T>, row: Cells, what: string): T {
  const parsed = schema.safeParse(row);
  if (!parsed.success) {
    throw new ServiceError('exchange.answer-invalid', `${what} of unknown form`, {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/** The only object of an answer. Throws `exchange.answer-invalid` for none, and for several: they may be anybody's. */
export function parseOnly<T>(schema: z.ZodType<T>, rows: readonly Cells[], what: string): T {
  const [row, ...others] = rows;
  if (row === undefined || others.length > 0) {
    throw new ServiceError('exchange.answer-invalid', `${what}: not exactly one`, {
      facts: { rows: rows.length },
    });
  }
  return parseCells(schema, row, what);
}
