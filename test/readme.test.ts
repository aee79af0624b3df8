import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../src/config.ts';
import { OPERATIONS } from '../src/offboarding/operations/list.ts';

const README = readFileSync('README.md', 'utf8');
const PAGES = globSync(['*.md', '{docs,deploy}/*.md']);

test('every npm script that a page names exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  const named = PAGES.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/npm (?:run )?(start|test|[a-z-]+)(?= |`|$)/gm)].map(
      ([, name]) => name ?? '',
    ),
  ).filter((name) => !['ci', 'run', 'install'].includes(name));
  assert.deepEqual(
    [...new Set(named)].filter((name) => !(name in scripts)),
    [],
  );
});

test('every link to a file leads to one', () => {
  const broken = PAGES.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g)]
      .map(([, target]) => join(dirname(page), target ?? ''))
      .filter((target) => !existsSync(target)),
  );
  assert.deepEqual(broken, []);
});

test('the settings table has every setting there is, with its default', () => {
  const given = [...README.matchAll(/^\| (`[^|]+`(?:, `[^|]+`)*) \|.*\|$/gm)].flatMap(([, names]) =>
    [...(names ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
  );
  const config = loadConfig({ file: 'deploy/exo-bridge.example.yaml', environment: anySecrets() });
  const { secrets: _secrets, workflows: _workflows, ...rest } = config;
  const missing = pathsOf(rest).filter((path) => !given.some((name) => path.startsWith(name)));
  assert.deepEqual(missing, []);
});

test('every operation is in the README', () => {
  for (const { name } of OPERATIONS) {
    assert.ok(README.includes(`| \`${name}\` |`), name);
  }
});

test('every secret variable of the README is one that is read', () => {
  const source = readFileSync('src/secrets.ts', 'utf8');
  const named = [...README.matchAll(/`(EXO_BRIDGE_[A-Z_]+)`/g)].map(([, name]) => name ?? '');
  assert.ok(named.length >= 6);
  for (const name of named) {
    assert.ok(source.includes(`'${name}'`), name);
  }
});

function anySecrets(): Record<string, string> {
  return Object.fromEntries(
    ['WEBHOOK_TOKEN', 'POLL_TOKEN', 'OPERATOR_TOKEN', 'TRELICA_CLIENT_SECRET', 'CERTIFICATE']
      .concat('CERTIFICATE_PASSWORD')
      .map((name) => [`EXO_BRIDGE_${name}`, `${name}-${'x'.repeat(32)}`]),
  );
}

function pathsOf(value: object, prefix = ''): readonly string[] {
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) && !(inner instanceof URL)
      ? pathsOf(inner, `${prefix}${name}.`)
      : [`${prefix}${name}`],
  );
}
