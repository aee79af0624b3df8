import { readFileSync, writeFileSync } from 'node:fs';
import { renderConfigSchema } from './render-config-schema.ts';

/** Writes the JSON Schema of the configuration; with --check only says whether it is current. */
const FILE = 'deploy/exo-bridge.schema.json';
const current = renderConfigSchema(readFileSync('README.md', 'utf8'));

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, current);
} else if (readFileSync(FILE, 'utf8') !== current) {
  console.error(`${FILE} is stale: run "npm run schema" and commit the result`);
  process.exit(1);
}
