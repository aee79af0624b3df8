import { readFileSync } from 'node:fs';
import { z } from 'zod';

const parameter = z.object({
  type: z.string(),
  /** Left out: every set. */
  sets: z.array(z.string()).optional(),
  aliases: z.array(z.string()).default([]),
});
const documented = z.object({
  cmdlets: z.record(
    z.string(),
    z.object({
      sets: z.array(z.object({ name: z.string(), mandatory: z.array(z.string()) })),
      parameters: z.record(z.string(), parameter),
    }),
  ),
});
export type DocumentedCmdlet = z.infer<typeof documented>['cmdlets'][string];
export type DocumentedParameter = z.infer<typeof parameter>;

/** What the documentation says of the cmdlets: names, types and parameter sets. */
export function readDocumented(): Readonly<Record<string, DocumentedCmdlet>> {
  const file = new URL('../../cmdlets/documented.json', import.meta.url);
  return documented.parse(JSON.parse(readFileSync(file, 'utf8'))).cmdlets;
}
