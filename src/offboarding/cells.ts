import { z } from 'zod';
import { type Identity, parseIdentity } from '../cmdlets/identity.ts';

/** A GUID in an answer; the empty one names nothing. */
export const guidCell = z
  .guid()
  .refine((text) => !/^[0-]+$/.test(text))
  .transform((text): Identity => parseIdentity(text));
