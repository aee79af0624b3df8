import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { pino } from 'pino';
import { Channel } from '../../src/powershell/channel.ts';
import type { Session } from '../../src/powershell/session.ts';
import { type SessionOptions, startSession } from '../../src/powershell/start-session.ts';
import { eventually } from '../support/eventually.ts';
import { runs } from './processes.ts';

const COMMANDS = [
  'Get-Done',
  'Send-Garbage',
  'Send-Half',
  'Send-Foreign',
  'Send-Long',
  'Send-Greeting',
  'Close-Socket',
  'Stop-Shell',
  'Suspend-Shell',
  'Wait-Forever',
  'Start-Child',
  'Write-Flood',
  'Get-Cursor',
  'Set-Then-Stop',
  'Send-Endless',
] as const;
const ALLOW = Object.fromEntries(COMMANDS.map((command) => [command, []]));

const base = mkdtempSync(join(tmpdir(), 'sf-'));
const effect = `${base}.effect`;
const sessions: Session[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.stop('test over')));
  assert.deepEqual(readdirSync(base), [], 'a session left its folder behind');
});
after(() => rmSync(base, { recursive: true }));

function start(way: string, options: Partial<SessionOptions> = {}): Promise<Session> {
  return startSession({
    command: [process.execPath, resolve(import.meta.dirname, 'fake-shell.ts')],
    workerScript: 'worker.ps1',
    baseDirectory: base,
    inherited: process.env,
    environment: { FAKE_SHELL: way, FAKE_EFFECT: effect },
    startTimeoutMs: 20_000,
    graces: { cancelMs: 100, interruptMs: 100, killMs: 5_000 },
    log: pino({ level: 'silent' }),
    ...options,
  });
}

async function open(way = 'good'): Promise<Session> {
  const session = await start(way);
  sessions.push(session);
  await session.prepare({ modules: [], allow: ALLOW }, { timeoutMs: 10_000 });
  return session;
}

function run(session: Session, command: (typeof COMMANDS)[number], timeoutMs = 10_000) {
  return session.run({ command, parameters: {}, properties: [] }, { timeoutMs });
}

test('a shell that ends before its greeting is a failed start, with what the console said', async () => {
  await assert.rejects(start('crash'), (error: { code?: string; facts?: { console?: string } }) => {
    assert.equal(error.code, 'powershell.start-failed');
    assert.equal(error.facts?.console, 'the module is broken');
    return true;
  });
});

test('a program that is not there is a failed start that says so', async () => {
  await assert.rejects(start('good', { command: ['/nowhere/pwsh'] }), (error: Error) => {
    assert.match(JSON.stringify(error), /No such file or directory/);
    return true;
  });
});

test('a shell that never greets is a failed start', async () => {
  await assert.rejects(start('mute', { startTimeoutMs: 300 }), {
    code: 'powershell.start-failed',
  });
});

test('a start that is given up ends the shell', async () => {
  const abort = new AbortController();
  const starting = start('mute', { signal: abort.signal });
  setImmediate(() => abort.abort());
  await assert.rejects(starting, { code: 'powershell.start-failed' });
});

test('a shell without the right token is a failed start', async () => {
  await assert.rejects(start('impostor'), {
    code: 'powershell.start-failed',
    message: /did not prove itself/,
  });
});

test('a folder whose path is too long for a socket is a failed start, and nothing is left', async () => {
  const deep = join(base, 'x'.repeat(90));
  mkdirSync(deep);
  await assert.rejects(start('good', { baseDirectory: deep }), {
    code: 'powershell.start-failed',
    message: /107/,
  });
  assert.deepEqual(readdirSync(deep), []);
  rmSync(deep, { recursive: true });
});

for (const [command, code] of [
  ['Send-Garbage', 'powershell.protocol-violated'],
  ['Send-Foreign', 'powershell.protocol-violated'],
  ['Send-Long', 'powershell.protocol-violated'],
  ['Send-Greeting', 'powershell.protocol-violated'],
  ['Send-Endless', 'powershell.answer-too-large'],
  ['Send-Half', 'powershell.session-lost'],
  ['Close-Socket', 'powershell.session-lost'],
  ['Stop-Shell', 'powershell.session-lost'],
] as const) {
  test(`after ${command} the outcome is unknown and the session ends`, async () => {
    const session = await open();
    await assert.rejects(run(session, command), { code });
    await session.ended;
    assert.equal(session.state, 'dead');
    await assert.rejects(run(session, 'Get-Done'), { code: 'powershell.session-lost' });
  });
}

test('a slow start is a start', async () => {
  const session = await open('slow');
  assert.equal((await run(session, 'Get-Done')).kind, 'completed');
});

test('a shell that dies between effect and answer leaves an unknown outcome and its effect', async () => {
  const session = await open();
  await assert.rejects(run(session, 'Set-Then-Stop'), { code: 'powershell.session-lost' });
  assert.equal(readFileSync(effect, 'utf8'), 'done');
  rmSync(effect);
});

test('a shell that dies while it is being ended is dead', async () => {
  const session = await open('deaf');
  const { shell } = await pidsOf(session);
  const stopping = session.stop('test');
  assert.equal(session.state, 'stopping');
  process.kill(shell, 'SIGKILL');
  await stopping;
  assert.equal(session.state, 'dead');
});

test('a ping to a session that dies is answered at once: not', async () => {
  const session = await open('deaf');
  const ping = session.ping(60_000);
  const { shell } = await pidsOf(session);
  process.kill(shell, 'SIGKILL');
  assert.equal(await ping, undefined);
});

test('an idle shell that is killed is noticed', async () => {
  const session = await open();
  const { shell } = await pidsOf(session);
  process.kill(shell, 'SIGKILL');
  assert.equal((await session.ended).exit?.signal, 9);
});

test('a suspended shell is killed when its command is late', async () => {
  const session = await open();
  await assert.rejects(run(session, 'Suspend-Shell', 200), { code: 'powershell.timed-out' });
  assert.equal((await session.ended).exit?.signal, 9);
});

test('a shell that is deaf to cancel, exit and interrupt is killed', async () => {
  const session = await open('deaf');
  await assert.rejects(run(session, 'Wait-Forever', 100), { code: 'powershell.timed-out' });
  assert.equal((await session.ended).exit?.signal, 9);
});

test('a deaf shell that closes its socket is killed as well', async () => {
  const session = await open('deaf');
  await assert.rejects(run(session, 'Close-Socket'), { code: 'powershell.session-lost' });
  await session.ended;
});

test('a child that a shell leaves behind ends with it', async () => {
  const session = await open();
  const { child } = await pidsOf(session);
  assert.ok(runs(child));
  await session.stop('test');
  await eventually('the child is gone', () => !runs(child));
});

test('60 MB on the console neither stop the shell nor stay in memory', async () => {
  const session = await open();
  assert.equal((await run(session, 'Write-Flood', 60_000)).kind, 'completed');
  assert.equal((await run(session, 'Get-Done')).kind, 'completed');
});

test('a console that asks for the cursor gets an answer', async () => {
  const session = await open();
  const outcome = await run(session, 'Get-Cursor');
  assert.deepEqual(outcome.rows, [{ Answer: '\x1b[1;1R' }]);
});

test('stop may be called twice, at any time, and while a command runs', async () => {
  const session = await open();
  const lost = assert.rejects(run(session, 'Wait-Forever'), { code: 'powershell.session-lost' });
  await Promise.all([session.stop('one'), session.stop('two')]);
  await lost;
  await session.stop('three');
  assert.equal((await session.ended).reason, 'one');
});

test('500 sessions, started and ended in every way, leave no descriptor, thread or child', {
  skip: process.platform === 'linux' ? false : 'counts in /proc',
}, async () => {
  const held = () => ({
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').length - 1,
  });
  const cycle = async (command: (typeof COMMANDS)[number]) => {
    const session = await open();
    await run(session, command).catch(() => undefined);
    await session.stop('test');
    await session.ended;
  };
  const ways = ['Get-Done', 'Send-Garbage', 'Stop-Shell', 'Close-Socket', 'Get-Done'] as const;
  const tenSessions = () =>
    Promise.all([
      ...ways.map(cycle),
      ...ways.map(() => start('good', { command: ['/bin/false'] }).catch(() => undefined)),
    ]);
  await tenSessions();
  const before = held();
  for (let round = 0; round < 50; round += 1) {
    await tenSessions();
  }
  await eventually('no more is held than before', () => {
    const now = held();
    return (
      now.descriptors <= before.descriptors &&
      now.threads <= before.threads &&
      now.children <= before.children
    );
  });
  assert.deepEqual(readdirSync(base), []);
});

test('a session socket hears one client, says nothing to it unasked, and refuses the next', {
  skip: process.platform === 'win32' ? 'looks at a socket file' : false,
}, async () => {
  const channel = await Channel.open(base);
  try {
    const ended = Promise.withResolvers<Error | undefined>();
    channel.attach({
      onHello: () => assert.fail('greeted without proof'),
      onFrame: () => assert.fail('heard without proof'),
      onEnd: ended.resolve,
    });
    assert.throws(() => channel.send({ v: 1, type: 'exit' }));
    const first = createConnection(channel.address);
    let said = '';
    first.on('data', (bytes) => {
      said += bytes.toString();
    });
    await eventually('the listener is closed', () => !readdirSync(channel.directory).length);
    await assert.rejects(
      new Promise((_, reject) => createConnection(channel.address).on('error', reject)),
      { code: 'ENOENT' },
    );
    first.write('{"v":1,"type":"bye","reason":"no proof"}\n');
    assert.match((await ended.promise)?.message ?? '', /before the greeting/);
    assert.equal(said, '');
  } finally {
    channel.close();
  }
});

/** The process ids of a shell and of a child that it started. */
async function pidsOf(session: Session): Promise<{ shell: number; child: number }> {
  const { rows } = await run(session, 'Start-Child');
  return { shell: Number(rows[0]?.['Shell']), child: Number(rows[0]?.['Child']) };
}
