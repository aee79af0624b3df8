import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CLI = ['src/cli/main.ts'];

test('npm run demo tells the story and exits 0', async () => {
  const { stdout } = await run(process.execPath, [...CLI, 'demo']);
  for (const part of [
    'simulated',
    'accepted and stored as job',
    "Plan for Lee O'Neil-Åström",
    '✓ Make the mailbox shared',
    'nothing required is left to do',
    'Continue fired',
    'answered as a duplicate',
    'as it was before',
    'All as it should be.',
  ]) {
    assert.ok(stdout.includes(part), `${part} is missing in:\n${stdout}`);
  }
});

test('npm run demo -- --json prints one JSON document', async () => {
  const { stdout } = await run(process.execPath, [...CLI, 'demo', '--json', '--groups', '40']);
  const document = JSON.parse(stdout);
  assert.deepEqual(Object.keys(document), [
    'engine',
    'jobId',
    'verdict',
    'signal',
    'changes',
    'before',
    'after',
    'exchangeCalls',
    'seconds',
    'duplicate',
    'undone',
  ]);
  assert.equal(document.verdict, 'continue');
  assert.equal(document.signal.outcome, 'confirmed');
  assert.equal(document.before.type, 'UserMailbox');
  assert.equal(document.after.type, 'SharedMailbox');
  assert.equal(document.duplicate, true);
  assert.equal(document.undone, true);
  assert.ok(document.exchangeCalls <= 15 + document.changes.length);
});

test('npm run sandbox prints one JSON line, writes a guarded configuration, and ends on Ctrl-C', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  const child = spawn(
    process.execPath,
    [...CLI, 'sandbox', '--people', '20', '--groups', '10', '--folder', folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const told = JSON.parse(line);
  assert.ok(told.trelica.clientSecret.length > 20);
  assert.equal(statSync(told.environmentFile).mode & 0o777, 0o600);
  assert.match(readFileSync(told.configFile, 'utf8'), /dangerouslyAllowHttpToLoopback: true/);
  const answer = await fetch(`${told.exchange.url}/sandbox/calls`);
  assert.equal(answer.status, 200);
  child.kill('SIGINT');
  await once(child, 'exit');
  assert.equal(child.exitCode, 0);
  rmSync(folder, { recursive: true });
});

test('a wrong option is told with where the help is, and nothing is started', async () => {
  await assert.rejects(run(process.execPath, [...CLI, 'demo', '--people', 'many']), {
    code: 64,
    stderr: /A whole number is expected.*\n.*exo-bridge demo --help/,
  });
});

test('the demo leaves nothing behind when it is interrupted', async () => {
  const child = spawn(process.execPath, [...CLI, 'demo', '--keep'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let folder = '';
  for await (const line of createInterface({ input: child.stdout })) {
    folder ||= /configuration\s+(\S+)\/exo-bridge\.yaml/.exec(line)?.[1] ?? '';
    if (line.includes('operator token')) {
      child.kill('SIGINT');
    }
  }
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, 'exit');
  }
  assert.ok(folder !== '' && !existsSync(folder), `${folder} is still there`);
});
