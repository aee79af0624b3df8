import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderOpenApi } from '../../scripts/render-openapi.ts';

test('openapi.yaml is what the routes say', async () => {
  assert.equal(
    readFileSync('openapi.yaml', 'utf8'),
    await renderOpenApi(),
    'run "npm run openapi"',
  );
});
