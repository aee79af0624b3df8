import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { spawn as spawnInTerminal } from 'node-pty';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import { STAND_IN } from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';
import { cli } from './command-line.ts';
import { type Installed, install } from './installed.ts';

/** Two leavers an hour; and one person is never to be touched, by an address that no run names. */
let scene: Installed;
before(async () => {
  scene = await install(STAND_IN, (config, { tenant }) => ({
    ...config,
    brakes: { ...config.brakes, perHour: 2, neverTouch: [aliasOf(tenant)] },
  }));
});
after(() => scene.close());

function aliasOf(tenant: Installed['rehearsal']['tenant']) {
  const [name = ''] = tenant.leaver.split('@');
  return `${name}@${tenant.organization}` as never;
}

const others = () =>
  scene.rehearsal.tenant.people
    .map(({ email }) => email)
    .filter((email) => scene.rehearsal.tenant.state(email)[0]?.type === 'UserMailbox')
    .filter((email) => email !== scene.rehearsal.tenant.leaver);

const ask = (...words: readonly string[]) =>
  cli(scene.installation, ...words, '--url', scene.service.url);

async function begin(email: string): Promise<string> {
  const { workflowId, runId } = await scene.rehearsal.trelica.startRun(email);
  return String((await scene.webhook({ workflowId, runId }))['jobId']);
}

const becomes = (id: string, state: string) =>
  eventually(`the job is ${state}`, async () => {
    const job = await scene.operator.get(`/jobs/${id}`);
    return job['state'] === state ? job : undefined;
  });

test('paused, work is accepted and listed, and can be cancelled, taken up again and done', async () => {
  const paused = await ask('pause', '--reason', 'a move');
  assert.match(paused.stdout, /^Paused since /);
  const ready = (await scene.operator.get('/readyz')) as {
    ready: boolean;
    parts: { name: string; reason?: string }[];
  };
  assert.equal(ready.ready, true);
  assert.match(
    ready.parts.find(({ name }) => name === 'queue')?.reason ?? '',
    /^paused since [\dT:.-]+Z$/,
  );
  const [email = ''] = others();
  const id = await begin(email);
  const listed = await ask('jobs', 'list', '--state', 'queued');
  assert.match(listed.stdout, new RegExp(`^job +state +age +person +reason\\n${id} +queued`));
  const cancelled = await ask('jobs', 'cancel', id);
  assert.equal(cancelled.stdout, `Job ${id} is cancelled.\n`);
  const again = await ask('jobs', 'cancel', id);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^the job is cancelled \(jobs\.not-cancellable\)\nWhat to do: /);
  assert.equal((await ask('jobs', 'retry', id)).code, 0);
  assert.equal((await ask('resume')).stdout, 'At work.\n');
  assert.equal((await scene.ended(id)).state, 'done');
  const shown = await ask('jobs', 'show', id);
  assert.match(
    shown.stdout,
    /History\n.* accepted\n.* cancelled, by http.*\n.* retried, by http\n/,
  );
  const all = JSON.parse((await ask('jobs', 'list', '--person', email, '--json')).stdout);
  assert.deepEqual([all.jobs.length, all.jobs[0].id], [1, id]);
});

test('who must not be touched is left alone, by whichever address', async () => {
  const { leaver } = scene.rehearsal.tenant;
  const seen = scene.rehearsal.tenant.state(leaver);
  const job = await scene.ended(await begin(leaver));
  assert.deepEqual([job.state, job.reason?.code], ['needs-attention', 'offboarding.never-touch']);
  assert.deepEqual(scene.rehearsal.tenant.state(leaver), seen);
});

test('over the limit a job is held until somebody approves it', async () => {
  const [, second = '', third = ''] = others();
  assert.equal((await scene.ended(await begin(second))).state, 'done');
  const id = await begin(third);
  await becomes(id, 'held');
  const seen = scene.rehearsal.tenant.state(third)[0];
  assert.equal(seen?.type, 'UserMailbox');
  const listed = await ask('jobs', 'list', '--state', 'held');
  assert.match(listed.stdout, /over-limit-per-hour: 2 leavers were begun within an hour/);
  assert.equal((await ask('jobs', 'approve', id)).stdout, `Job ${id} is queued.\n`);
  assert.equal((await scene.ended(id)).state, 'done');
  const twice = await ask('jobs', 'approve', id);
  assert.match(twice.stderr, /jobs\.not-held/);
});

test('a job that nobody knows, and a service that does not answer, are told in a sentence', async () => {
  const unknown = await ask('jobs', 'show', 'nobody');
  assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
  const silent = await cli(scene.installation, 'jobs', 'list', '--url', 'http://127.0.0.1:9');
  assert.equal(silent.code, 1);
  assert.match(silent.stderr, /^no service answers at this address \(http\.unavailable\)\nWhat/);
});

test('who watches sees each change as a line where there is no terminal', async (t) => {
  const words = ['src/cli/main.ts', 'jobs', 'watch', '--url', scene.service.url];
  const watching = spawn(process.execPath, words, {
    env: { PATH: process.env['PATH'], ...scene.installation.secrets },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => watching.kill());
  let seen = '';
  watching.stdout.on('data', (data) => {
    seen += data;
  });
  await eventually('the old jobs are told', () => seen.includes('needs-attention'));
  const id = await begin(others().at(-1) ?? '');
  await becomes(id, 'held');
  await eventually('the new one is told', () => new RegExp(`${id}  held`).test(seen));
  const ended = once(watching, 'exit');
  watching.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
});

test('on a terminal the table is drawn again and again, and fits into it', async (t) => {
  const words = ['src/cli/main.ts', 'jobs', 'watch', '--url', scene.service.url];
  const env = { PATH: process.env['PATH'], ...scene.installation.secrets };
  const terminal = spawnInTerminal(process.execPath, words, { cols: 60, rows: 8, env });
  let isOver = false;
  terminal.onExit(() => {
    isOver = true;
  });
  t.after(() => isOver || terminal.kill());
  let screen = '';
  terminal.onData((data) => {
    screen += data;
  });
  const frames = () => screen.split('\u001b[H\u001b[J').slice(1);
  await eventually('two frames are drawn', () => frames().length >= 3);
  const [first = ''] = frames();
  const lines = first.trim().split(/\r?\n/);
  assert.match(lines[0] ?? '', /^exo-bridge jobs, .*Ctrl-C/);
  assert.match(first, /job +state/);
  assert.ok(lines.length < 8 && lines.every((line) => line.length <= 60), first);
  const ended = new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
  terminal.write('\u0003');
  assert.equal((await ended).exitCode, 0);
});

test('a copy of the queue is made with a service and without one', async () => {
  const words = ['backup', '--config', scene.installation.configFile, '--json'];
  const { file } = JSON.parse((await ask(...words)).stdout);
  const folder = join(dirname(scene.installation.configFile), 'data', 'backups');
  assert.equal(dirname(file), folder);
  const jobs = async (copy: string) => {
    const store = openSqliteStore(copy);
    const listed = await store.list({ limit: 200 });
    await store.close();
    return listed.length;
  };
  const had = await jobs(file);
  await scene.service.stop();
  const direct = await ask(...words);
  assert.equal(direct.code, 0, direct.stderr);
  const second = JSON.parse(direct.stdout).file;
  assert.notEqual(second, file);
  assert.ok(existsSync(file));
  assert.deepEqual([await jobs(second), had >= 5], [had, true]);
});
