import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { STAND_IN } from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';
import { type Installed, install } from './installed.ts';

const run = promisify(execFile);
let scene: Installed;
before(async () => {
  scene = await install(STAND_IN);
});
after(() => scene.close());

/** The command as a scheduler runs it; resolves also where it fails. */
async function poll(words: readonly string[], without: readonly string[] = []) {
  const secrets = Object.entries(scene.installation.secrets).filter(
    ([name]) => !without.includes(name),
  );
  const env = { PATH: process.env['PATH'], ...Object.fromEntries(secrets) };
  const command = ['src/cli/main.ts', 'poll', ...words];
  return run(process.execPath, command, { env, timeout: 120_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

const standalone = (...words: string[]) =>
  poll(['--standalone', '--config', scene.installation.configFile, ...words]);

const firings = (runId: string) =>
  scene.rehearsal.trelica.runs().find(({ id }) => id === runId)?.firings ?? [];

test('a scheduler asks the running service, with either token', async () => {
  const { runId } = await scene.rehearsal.trelica.startRun('lukasz.zolc@example.org');
  const asked = await poll(['--url', scene.service.url]);
  assert.deepEqual(
    [asked.code, asked.stdout.trim()],
    [0, 'Person leaves: 1 waiting, 1 new, 0 known'],
  );
  await eventually('the run goes on', () => firings(runId).length === 1);
  const again = await poll(['--url', scene.service.url, '--json'], ['EXO_BRIDGE_POLL_TOKEN']);
  assert.equal(again.code, 0);
  assert.equal(JSON.parse(again.stdout).workflows[0].accepted, 0);
});

test('a service that works on the queue is not disturbed by a second one', async () => {
  const { code, stderr } = await standalone();
  assert.equal(code, 1);
  assert.match(stderr, /another instance.*jobs\.store-unusable/);
});

test('without a service everything that waits is worked to its end, in one round', async () => {
  await scene.service.stop();
  const { runId } = await scene.rehearsal.trelica.startRun('li.na@example.org');
  const worked = await standalone();
  assert.deepEqual(
    [worked.code, worked.stdout.trim()],
    [0, 'Person leaves: 1 waiting, 1 new, 0 known'],
  );
  assert.match(worked.stderr, /certificate expires soon/);
  assert.deepEqual(
    firings(runId).map(({ outcome }) => outcome),
    ['fired'],
  );
  assert.equal(scene.rehearsal.tenant.state('li.na@example.org')[0]?.type, 'SharedMailbox');
});

test('a leaver who needs a person is told, and the exit code says so each time', async () => {
  await scene.rehearsal.trelica.startRun('nick.nomail@example.org');
  for (const _ of ['first', 'second']) {
    const { code, stdout } = await standalone();
    assert.equal(code, 1);
    assert.match(stdout, /needs-attention: nick\.nomail@example\.org, job .*stopped-by-finding/);
  }
});

test('a wrong configuration, and no service, are told apart', async () => {
  assert.equal((await poll(['--standalone', '--config', '/nowhere.yaml'])).code, 78);
  const silent = await poll(['--url', 'http://127.0.0.1:9']);
  assert.equal(silent.code, 1);
  assert.match(silent.stderr, /no service answers/);
});
