import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Operator } from '../../src/cli/operator.ts';
import {
  type Installation,
  installFor,
  type Rehearsal,
  STAND_IN,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, Program } from './program.ts';

let folder: string;
let rehearsal: Rehearsal;
let installation: Installation;
let operator: Operator;
let operatorUrl: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crash-'));
  rehearsal = await startRehearsal({
    people: 30,
    groups: 20,
    latency: 3,
    seed: 1,
    engine: STAND_IN,
  });
  const port = await freePort();
  installation = installFor(rehearsal, folder, port);
  const token = installation.secrets['EXO_BRIDGE_OPERATOR_TOKEN'] ?? '';
  operatorUrl = `http://127.0.0.1:${port}`;
  operator = new Operator(operatorUrl, token);
});
after(async () => {
  await rehearsal.close();
  rmSync(folder, { recursive: true });
});

afterEach(() => Program.killAll());

const webhookToken = () => installation.secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '';

/** Asks until it is accepted, as a person would press the button again; gives the job's id. */
function submit(run: { workflowId: string; runId: string }): Promise<unknown> {
  return eventually(
    'the webhook is accepted',
    async () => {
      const answer = await operator
        .post('/webhooks/trelica', run, webhookToken())
        .catch(() => undefined);
      return answer?.['jobId'];
    },
    60_000,
  );
}

test('a killed service leaves no session alive and its successor starts on the same queue', async () => {
  const program = new Program(installation);
  await program.started();
  await eventually(
    'the session is ready',
    async () => (await operator.get('/readyz'))['ready'] === true,
    30_000,
  );
  const shells = shellsOf(program.child.pid ?? 0);
  assert.ok(shells.length > 0);
  await program.end('SIGKILL');
  await eventually('the sessions are gone', () => shells.every((pid) => !isAlive(pid)), 2_000);
  const next = new Program(installation);
  await next.started();
  assert.equal(await next.end('SIGTERM'), 0, next.output);
});

function shellsOf(parent: number): readonly number[] {
  return execFileSync('ps', ['-eo', 'pid,ppid'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, ppid]) => ppid === parent)
    .map(([pid]) => pid ?? 0);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('SIGTERM in the middle of a leaver lets the work finish, signal included', async () => {
  const { trelica, tenant } = rehearsal;
  const email = tenant.people
    .map((person) => person.email)
    .filter((one) => tenant.state(one)[0]?.type === 'UserMailbox')
    .at(-1);
  const program = new Program(installation);
  await program.started();
  const run = await trelica.startRun(email ?? '');
  const reads = () => tenant.calls().counts['Get-Mailbox'] ?? 0;
  const before = reads();
  await submit(run);
  await eventually('the work has begun', () => reads() > before);
  assert.equal(await program.end('SIGTERM'), 0, program.output);
  assert.equal(tenant.state(email ?? '')[0]?.type, 'SharedMailbox');
  const made = trelica.runs().find((one) => one.id === run.runId);
  assert.equal(made?.status, 'Completed');
});

test('a second instance on the same queue does not start, and the first goes on', async () => {
  const first = new Program(installation);
  await first.started();
  const second = new Program(installation);
  await eventually('it ended', () => second.child.exitCode !== null);
  assert.equal(second.child.exitCode, 1, second.output);
  assert.match(second.output, /another instance is running on it/);
  assert.equal((await operator.get('/livez'))['alive'], true);
  assert.equal(await first.end('SIGTERM'), 0, first.output);
});

test('a port that is taken is told as such', async () => {
  const first = new Program(installation);
  await first.started();
  const other = mkdtempSync(join(tmpdir(), 'other-'));
  const port = Number(new URL(operatorUrl).port);
  const second = new Program(installFor(rehearsal, other, port));
  await eventually('it ended', () => second.child.exitCode !== null);
  assert.equal(second.child.exitCode, 78, second.output);
  assert.match(second.output, /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  await first.end('SIGTERM');
  rmSync(other, { recursive: true });
});

const REFUSED: readonly [string, (given: Installation) => Installation, number, RegExp][] = [
  [
    'without a token',
    (given) => {
      const { EXO_BRIDGE_WEBHOOK_TOKEN: _token, ...secrets } = given.secrets;
      return { ...given, secrets };
    },
    78,
    /EXO_BRIDGE_WEBHOOK_TOKEN or EXO_BRIDGE_WEBHOOK_TOKEN_FILE must be set/,
  ],
  [
    'without a configuration file',
    (given) => ({ ...given, configFile: '/nowhere.yaml' }),
    78,
    /config\.unreadable/,
  ],
  [
    'without PowerShell',
    (given) => {
      const configFile = join(folder, 'no-shell.yaml');
      const config = readFileSync(given.configFile, 'utf8');
      writeFileSync(
        configFile,
        config.replace(/ {2}command:\n(?: {4}- .*\n)+/, '  command: no-such-pwsh\n'),
      );
      return { ...given, configFile };
    },
    1,
    /no-such-pwsh was not found; install PowerShell 7\.4 or newer/,
  ],
];
for (const [name, change, code, expected] of REFUSED) {
  test(`${name} the service does not start, and says why on one line`, async () => {
    const program = new Program(change(installation));
    await eventually('it ended', () => program.child.exitCode !== null);
    assert.equal(program.child.exitCode, code, program.output);
    assert.match(program.output, expected);
    for (const secret of Object.values(installation.secrets)) {
      assert.ok(!program.output.includes(secret));
    }
  });
}
