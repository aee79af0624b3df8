import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../src/config.ts';
import { eventually } from '../support/eventually.ts';

const base = mkdtempSync(join(tmpdir(), 'init-'));
const file = join(base, 'exo-bridge.yaml');
let sandbox: ChildProcess;
let answersFile: string;
let leaver: string;
let rehearsedToken: string;

before(async () => {
  const words = ['sandbox', '--people', '20', '--groups', '5', '--folder', join(base, 'sandbox')];
  sandbox = spawn(process.execPath, ['src/cli/main.ts', ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: sandbox.stdout ?? assert.fail('no output') });
  const [line] = (await once(lines, 'line')) as [string];
  const told = JSON.parse(line);
  answersFile = told.answersFile;
  leaver = told.exchange.leaver;
  rehearsedToken = told.webhook.token;
});
after(async () => {
  sandbox.kill('SIGINT');
  await once(sandbox, 'exit');
  rmSync(base, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...words: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['src/cli/main.ts', ...words],
      { env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

test('init writes a commented configuration and guarded secrets, and shows no token to a pipe', async () => {
  const { code, stdout, stderr } = await run('init', '--config', file, '--answers', answersFile);
  assert.equal(code, 0, stderr);
  const folder = join(base, 'secrets');
  for (const name of readdirSync(folder)) {
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  }
  const yaml = readFileSync(file, 'utf8');
  assert.match(yaml, /^# yaml-language-server: \$schema=.*exo-bridge\.schema\.json\n/);
  assert.match(yaml, /# litigation-hold: \{\}/);
  const config = loadConfig({ file, environment: {} });
  assert.equal(config.workflows[0]?.step, 'Exchange Online');
  const [token] = config.secrets.webhookTokens;
  assert.equal(token, rehearsedToken, 'the simulated workflow is turned away');
  assert.ok(!stdout.includes(token), 'the token is shown to whoever reads the pipe');
  assert.match(
    stdout,
    /POST https:\/\/YOUR-HOST\/webhooks\/trelica\n.*Bearer <the content of .*webhook-token>/,
  );
});

test('init → check → plan → serve: each finds what the one before has written', async () => {
  const checked = await run('check', '--config', file, '--json');
  assert.equal(checked.code, 0, checked.stdout);
  assert.equal(JSON.parse(checked.stdout).ok, true);
  const planned = await run(
    'plan',
    '--config',
    file,
    '--workflow',
    'Person leaves',
    '--email',
    leaver,
  );
  assert.equal(planned.code, 0, planned.stderr);
  assert.match(planned.stdout, /Make the mailbox shared/);
  assert.equal(planned.stderr, '');
  writeFileSync(file, readFileSync(file, 'utf8').replace('port: 8080', 'port: 0'));
  const served = spawn(process.execPath, ['src/cli/main.ts', 'serve', '--config', file]);
  let output = '';
  served.stdout.on('data', (data) => {
    output += data;
  });
  await eventually('the service listens', () => output.includes('service started'));
  served.kill('SIGTERM');
  await once(served, 'exit');
  assert.equal(served.exitCode, 0);
});

test('init overwrites nothing: it refuses, or with --force keeps a copy, and tokens stay', async () => {
  const before = readFileSync(file, 'utf8');
  const token = readFileSync(join(base, 'secrets', 'webhook-token'), 'utf8');
  const refused = await run('init', '--config', file, '--answers', answersFile, '--json');
  assert.equal(refused.code, 1);
  assert.equal(JSON.parse(refused.stdout).code, 'cli.refused');
  assert.match(refused.stderr, /is there already.*\n.*--force/);
  assert.equal(readFileSync(file, 'utf8'), before);
  const forced = await run('init', '--config', file, '--answers', answersFile, '--force', '--json');
  const { config, webhook } = JSON.parse(forced.stdout);
  assert.equal(readFileSync(config.copy, 'utf8'), before);
  assert.equal(readFileSync(join(base, 'secrets', 'webhook-token'), 'utf8'), token);
  assert.equal(webhook.body.workflow, 'Person leaves');
  assert.ok(!forced.stdout.includes(token));
});

test('answers that are wrong only together write nothing', async () => {
  const other = join(base, 'other', 'exo-bridge.yaml');
  const region = ['--region', 'http://trelica.example.org'];
  const { code, stderr } = await run(
    'init',
    '--config',
    other,
    '--answers',
    answersFile,
    ...region,
  );
  assert.equal(code, 64);
  assert.match(stderr, /^trelica\.baseUrl: must be https/);
  assert.ok(!existsSync(other));
});

test('every missing and every wrong answer is told by its option', async () => {
  const { code, stderr } = await run(
    'init',
    '--config',
    join(base, 'x.yaml'),
    '--yes',
    '--app-id',
    '1',
  );
  assert.equal(code, 64);
  for (const part of ['--organization: is needed', '--app-id: a GUID', '--client-id: is needed']) {
    assert.ok(stderr.includes(part), stderr);
  }
  const { stderr: operations } = await run('init', '--yes', '--operations', 'leave-everything');
  assert.match(operations, /--operations: some of .*delegate-access, .*leave-groups/);
});
