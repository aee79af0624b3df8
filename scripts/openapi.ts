import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { renderOpenApi } from './render-openapi.ts';

/** Writes openapi.yaml from the routes; with --check only says whether it is current and well-formed. */
const FILE = 'openapi.yaml';
const current = await renderOpenApi();

if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== current) {
    console.error(`${FILE} is stale: run "npm run openapi" and commit the result`);
    process.exit(1);
  }
} else {
  writeFileSync(FILE, current);
}
execFileSync('node_modules/.bin/redocly', ['lint', FILE], {
  stdio: 'inherit',
  env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
});
