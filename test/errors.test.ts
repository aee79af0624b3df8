import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERRORS } from '../src/errors.ts';

test('docs/errors.md has every code, each with what a job does with it, and no other', () => {
  const rows = [
    ...readFileSync('docs/errors.md', 'utf8').matchAll(
      /^\| `([\w.-]+)` \|.*?\| (never|limited|outage) \|/gm,
    ),
  ];
  const documented = Object.fromEntries(rows.map(([, code, retry]) => [code, retry]));
  const declared = Object.fromEntries(
    Object.entries(ERRORS).map(([code, { retry }]) => [code, retry]),
  );
  assert.deepEqual(documented, declared);
  assert.equal(rows.length, Object.keys(declared).length, 'a code is documented twice');
});

test('every code is used somewhere', () => {
  const text = globSync('src/**/*.ts')
    .filter((file) => !file.endsWith('errors.ts') || file.includes('/exchange/'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
  assert.deepEqual(
    Object.keys(ERRORS).filter((code) => !text.includes(`'${code}'`)),
    [],
  );
});
