import { z } from 'zod';
import { configSchema } from '../src/config.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of the configuration file, for editors: from the schema that checks it, told in the README's words. */
export function renderConfigSchema(readme: string): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  describe(schema, '', meaningsOf(readme));
  const document = { ...schema, title: 'Settings of exo-bridge' };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Setting → meaning, from the rows `| `a.b`, `a.c` | meaning | default |`. */
function meaningsOf(readme: string): ReadonlyMap<string, string> {
  const rows = readme.matchAll(/^\| (`[^|]+`(?:, `[^|]+`)*) \| ([^|]+) \|/gm);
  return new Map(
    [...rows].flatMap(([, names = '', meaning = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, plain(meaning)] as const),
    ),
  );
}

function plain(markdown: string): string {
  return markdown.replaceAll('`', '').trim();
}

function describe(schema: JsonSchema, path: string, meanings: ReadonlyMap<string, string>): void {
  const meaning = meanings.get(path);
  if (meaning !== undefined) {
    schema.description = meaning;
  }
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    describe(member as JsonSchema, path === '' ? name : `${path}.${name}`, meanings);
  }
  if (schema.items !== undefined) {
    describe(schema.items as JsonSchema, `${path}[]`, meanings);
  }
}
