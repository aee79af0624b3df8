import { z } from 'zod';
import { type Identity, parseIdentity } from '../cmdlets/identity.ts';
import { ServiceError } from '../errors.ts';
import type { Cells } from './ports.ts';

/** A GUID in an answer; the empty one names nothing. */
export const guidCell = z
  .guid()
  .refine((text) => !/^[0-]+$/.test(text))
  .transform((text): Identity => parseIdentity(text));

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
