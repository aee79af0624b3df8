import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** Which rooms of `src` may import from which; `errors`, `log` and `clock` are open to all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | 'everything'>> = {
  main: 'everything',
  service: 'everything',
  cli: 'everything',
  config: ['notices/webhook-channel', 'offboarding', 'personal-data', 'secrets'],
  secrets: [],
  errors: [],
  log: ['personal-data'],
  'personal-data': [],
  clock: [],
  http: ['offboarding', 'jobs'],
  cmdlets: [],
  offboarding: ['cmdlets'],
  jobs: [],
  exchange: ['offboarding', 'cmdlets', 'powershell'],
  powershell: [],
  trelica: ['offboarding'],
  certificate: [],
  metrics: [],
  notices: [],
  telemetry: [],
  sandbox: ['certificate', 'cmdlets', 'powershell/frames', 'trelica/wire'],
};
const OPEN_TO_ALL = ['errors', 'log', 'clock'];

/** Packages that have exactly one place. */
const ONE_PLACE: Readonly<Record<string, RegExp>> = {
  'node-pty': /^src\/powershell\/pty\.ts$/,
  'better-sqlite3': /^src\/jobs\//,
  'openid-client': /^src\/trelica\/token\.ts$/,
  pkijs: /^src\/certificate\//,
  'node-forge': /^src\/certificate\/open-pfx\.ts$/,
  'prom-client': /^src\/metrics\/metrics\.ts$/,
  '@opentelemetry': /^src\/telemetry\/start-tracing\.ts$/,
  nodemailer: /^src\/notices\/mail-channel\.ts$/,
  fastify: /^src\/http\//,
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const imports: readonly Import[] = globSync('src/**/*.ts').flatMap((file) => {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => ({
    from: file,
    to: match[1] ?? '',
  }));
});

/** `src/http/app.ts` → `http/app`. */
function moduleOf(path: string): string {
  return path.replace(/^src\//, '').replace(/\.ts$/, '');
}

function roomOf(module: string): string {
  return module.split('/')[0] ?? module;
}

test('every import goes in an allowed direction', () => {
  const forbidden = imports
    .filter(({ to }) => to.startsWith('.'))
    .map(({ from, to }) => ({ from, target: moduleOf(normalize(join(dirname(from), to))) }))
    .filter(({ from, target }) => {
      const allowed = MAY_IMPORT[roomOf(moduleOf(from))] ?? [];
      const room = roomOf(target);
      return !(
        allowed === 'everything' ||
        room === roomOf(moduleOf(from)) ||
        OPEN_TO_ALL.includes(room) ||
        allowed.some((one) => target === one || target.startsWith(`${one}/`))
      );
    })
    .map(({ from, target }) => `${from} imports ${target}`);
  assert.deepEqual(forbidden, []);
});

test('no import leads back to where it began', () => {
  const targets = Map.groupBy(
    imports.filter(({ to }) => to.startsWith('.')),
    ({ from }) => from,
  );
  const circles: string[] = [];
  const known = new Set<string>();
  const follow = (file: string, path: readonly string[]) => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    } else if (!known.has(file)) {
      for (const { to } of targets.get(file) ?? []) {
        follow(normalize(join(dirname(file), to)), [...path, file]);
      }
      known.add(file);
    }
  };
  for (const file of targets.keys()) {
    follow(file, []);
  }
  assert.deepEqual(circles, []);
});

test('every room of src is in the table', () => {
  const rooms = new Set(globSync('src/**/*.ts').map((file) => roomOf(moduleOf(file))));
  assert.deepEqual([...rooms].filter((room) => !(room in MAY_IMPORT)).sort(), []);
});

test('the service never imports the sandbox', () => {
  const guilty = imports
    .filter(({ to }) => to.includes('/sandbox/'))
    .map(({ from }) => from)
    .filter((from) => !from.startsWith('src/sandbox/') && !from.startsWith('src/cli/'));
  assert.deepEqual(guilty, []);
});

for (const [name, place] of Object.entries(ONE_PLACE)) {
  test(`${name} has one place`, () => {
    const elsewhere = imports
      .filter(({ to }) => to === name || to.startsWith(`${name}/`))
      .filter(({ from }) => !place.test(from));
    assert.deepEqual(elsewhere, []);
  });
}
