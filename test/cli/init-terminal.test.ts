import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { spawn } from 'node-pty';
import { loadSettings } from '../../src/config.ts';
import { eventually } from '../support/eventually.ts';

const folder = mkdtempSync(join(tmpdir(), 'terminal-'));
after(() => rmSync(folder, { recursive: true }));

/** A command in a terminal, and a person who answers what is asked. */
function sitDown(...words: readonly string[]) {
  const terminal = spawn(process.execPath, ['src/cli/main.ts', ...words], {
    cols: 200,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1' },
  });
  let screen = '';
  terminal.onData((data) => {
    screen += data;
  });
  const exited = new Promise<number>((resolve) => {
    terminal.onExit(({ exitCode }) => resolve(exitCode));
  });
  return {
    exited,
    screen: () => screen,
    async answer(question: string, keys: string) {
      await eventually(`${question} in ${screen}`, () => screen.includes(question));
      terminal.write(keys);
    },
  };
}

test('init asks again after a wrong answer, hides the secret, and shows the token to the person', async () => {
  const file = join(folder, 'exo-bridge.yaml');
  const { answer, exited, screen } = sitDown('init', '--config', file);
  await answer('Primary name', 'contoso.onmicrosoft.com\r');
  await answer('Application (client) ID', 'not-a-guid\r');
  await answer('a GUID: Entra', '11111111-2222-4333-8444-555555555555\r');
  await answer('Region of Trelica', '\r');
  await answer('Client ID of the API app', 'abc\r');
  await answer('Name of the workflow', '\r');
  await answer('Title of its Signal step', 'Exchange Online\r');
  await answer('Operations', 'leave-groups\r');
  await answer('PFX file', '\r');
  await answer('Public address', 'https://leavers.example.org\r');
  await answer('Client secret of the API app', 'canary-secret\r');
  assert.equal(await exited, 0, screen());
  assert.ok(!screen().includes('canary-secret'), 'the secret is on the screen');
  const secrets = join(folder, 'secrets');
  assert.equal(readFileSync(join(secrets, 'trelica-client-secret'), 'utf8'), 'canary-secret');
  const token = readFileSync(join(secrets, 'webhook-token'), 'utf8');
  assert.ok(screen().includes(`Authorization: Bearer ${token}`));
  const { trelica, workflows } = loadSettings(file);
  assert.equal(trelica.baseUrl.origin, 'https://eu.trelica.com');
  assert.deepEqual(Object.keys(workflows[0]?.operations ?? {}), ['leave-groups']);
});

test('Ctrl-C at a question ends with 130, and nothing was written', async () => {
  const file = join(folder, 'other.yaml');
  const { answer, exited, screen } = sitDown('init', '--config', file);
  await answer('Primary name', '\u0003');
  assert.equal(await exited, 130);
  assert.doesNotMatch(screen(), / at |Error/);
  assert.throws(() => readFileSync(file), { code: 'ENOENT' });
});

test('a certificate that is in the secrets folder already is not asked for', async () => {
  const home = join(folder, 'made');
  mkdirSync(join(home, 'secrets'), { recursive: true });
  writeFileSync(join(home, 'secrets', 'certificate.pfx'), 'made before');
  const file = join(home, 'exo-bridge.yaml');
  const { answer, exited, screen } = sitDown(
    ...[
      'init',
      '--config',
      file,
      '--organization',
      'contoso.onmicrosoft.com',
      '--client-id',
      'abc',
    ],
    ...['--app-id', '11111111-2222-4333-8444-555555555555', '--region', 'eu', '--step', 'Signal'],
    ...['--workflow', 'Person leaves', '--operations', 'leave-groups'],
  );
  await answer('Public address', '\r');
  await answer('Client secret', '\r');
  assert.equal(await exited, 0, screen());
  assert.doesNotMatch(screen(), /PFX file/);
  assert.match(screen(), /kept .*certificate\.pfx/);
});

test('on a terminal the sandbox tells a person what to type next', async () => {
  const home = join(folder, 'sandbox');
  const size = ['--people', '20', '--groups', '5'];
  const { answer, exited, screen } = sitDown('sandbox', ...size, '--folder', home);
  await answer('exo-bridge jobs list', '\u0003');
  assert.equal(await exited, 0, screen());
  assert.match(screen(), /npx exo-bridge init --answers .*answers\.json/);
  assert.doesNotMatch(screen(), /clientSecret/);
});
