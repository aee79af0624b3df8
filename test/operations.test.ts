import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { OUTCOME_UNKNOWN } from '../src/offboarding/made.ts';
import { OPERATIONS } from '../src/offboarding/operations/list.ts';
import type { OperationKind } from '../src/offboarding/operations/operation.ts';
import { NOBODY_FINDINGS } from '../src/offboarding/participants.ts';
import { FINDINGS } from '../src/offboarding/policy.ts';

const PAGE = readFileSync('docs/operations.md', 'utf8');
const kinds: readonly OperationKind[] = OPERATIONS;

function section(title: string): string {
  const found = PAGE.split(/^## /m).find((one) => one.startsWith(`${title}\n`));
  return found ?? assert.fail(`docs/operations.md has no section ${title}`);
}

/** Every cmdlet that the file, or what it imports to run, calls. */
function cmdletsOf(file: string, read = new Set<string>()): readonly string[] {
  if (read.has(file)) {
    return [];
  }
  read.add(file);
  const text = readFileSync(file, 'utf8');
  const called = [...text.matchAll(/\bcall\(\s*'([A-Za-z-]+)'/g)].map(([, name]) => name ?? '');
  const imported = [...text.matchAll(/^import (?!type )[^;]*? from '(\.[^']+)';/gms)].map(
    ([, path]) => join(dirname(file), path ?? ''),
  );
  return [...called, ...imported.flatMap((one) => cmdletsOf(one, read))];
}

for (const kind of kinds) {
  const { name } = kind;
  test(`${name} has a section that tells everything about it`, () => {
    const text = section(name);
    for (const label of ['Cmdlets', 'Roles', 'Outcome', 'Undo', 'Possible errors']) {
      assert.ok(text.includes(`**${label}:**`), label);
    }
    for (const cmdlet of cmdletsOf(`src/offboarding/operations/${name}.ts`)) {
      assert.ok(text.includes(`\`${cmdlet}\``), cmdlet);
    }
    for (const { role } of kind.roles) {
      assert.ok(text.includes(`*${role}*`), role);
    }
    assert.ok(kind.settings instanceof z.ZodObject, 'settings are a section');
    for (const setting of Object.keys(kind.settings.shape)) {
      assert.ok(text.includes(`| \`${setting}\` |`), setting);
    }
  });

  test(`${name} refuses an unknown setting and names those there are`, () => {
    assert.ok(kind.settings instanceof z.ZodObject);
    const known = Object.keys(kind.settings.shape).join(', ') || 'none';
    const messages = kind.settings.safeParse({ colour: 1 }).error?.issues.map((one) => one.message);
    assert.ok(messages?.includes(`unknown setting "colour"; known: ${known}`), `${messages}`);
  });
}

test('every finding is on the page, with its default', () => {
  for (const { code, byDefault } of FINDINGS) {
    assert.match(PAGE, new RegExp(`^\\| \`${code}\` \\|.*\\| \`${byDefault}\` \\|$`, 'm'));
  }
});

test('every finding is come to in a test', () => {
  const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join('test', file), 'utf8'))
    .join('');
  for (const { code } of FINDINGS) {
    assert.match(tests, new RegExp(`['"]${code}['"]`), code);
  }
});

test('a finding has one default, whoever comes to it', () => {
  const defaults = new Map<string, string>();
  for (const { code, byDefault } of FINDINGS) {
    assert.equal(defaults.get(code) ?? byDefault, byDefault, code);
    defaults.set(code, byDefault);
  }
  assert.ok([...NOBODY_FINDINGS, OUTCOME_UNKNOWN].every(({ code }) => defaults.has(code)));
});

test('the sections are in the order in which the operations run', () => {
  const places = kinds.map(({ name }) => PAGE.indexOf(`\n## ${name}\n`));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
});

test('an operation is in the file of its name', () => {
  for (const { name } of kinds) {
    assert.match(
      readFileSync(`src/offboarding/operations/${name}.ts`, 'utf8'),
      new RegExp(`'${name}'`),
    );
  }
});
