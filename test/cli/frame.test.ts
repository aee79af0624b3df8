import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { createProgram } from '../../src/cli/program.ts';
import { programOnPath } from '../../src/powershell/program.ts';
import { installFor, STAND_IN, startRehearsal } from '../../src/sandbox/rehearsal.ts';

const folder = mkdtempSync(join(tmpdir(), 'frame-'));
after(() => rmSync(folder, { recursive: true }));

const PAGES = ['README.md', ...globSync('docs/*.md')].map((page) => readFileSync(page, 'utf8'));

/** Commands, and those below them, by their whole names. */
function commandsOf(program: ReturnType<typeof createProgram>, before = ''): [string, string][] {
  return program.commands.flatMap((command) => {
    const name = `${before}${command.name()}`;
    const written: string[] = [];
    command.configureOutput({ writeOut: (text) => written.push(text) }).outputHelp();
    const help = written.join('');
    const below = commandsOf(command, `${name} `);
    return below.length > 0 ? below : [[name, help] as [string, string]];
  });
}

const commands = commandsOf(createProgram(COMMANDS));

for (const [name, help] of commands) {
  test(`${name} has help with an example and --json, and a page speaks of it`, () => {
    assert.match(help, new RegExp(`^Usage: exo-bridge ${name}`));
    assert.match(help, new RegExp(`Examples?:\n( .*\n)* *(npx )?exo-bridge ${name}`));
    assert.match(help, /--json/);
    assert.ok(
      PAGES.some((page) => page.includes(`exo-bridge ${name}`)),
      `no page names ${name}`,
    );
  });
}

test('every command stands in the table of the README, and no other', () => {
  const README = PAGES[0] ?? '';
  const named = [...README.matchAll(/^\| `exo-bridge ([a-z-]+)[^|]*` \|/gm)].map(
    ([, name]) => name,
  );
  const there = createProgram(COMMANDS).commands.map((command) => command.name());
  assert.deepEqual(named.toSorted(), there.toSorted());
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function textOf(stream: Readable): readonly string[] {
  const parts: string[] = [];
  stream.on('data', (data) => parts.push(String(data)));
  return parts;
}

function run(...words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...words], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  return once(child, 'close').then(([code]) => ({
    code,
    stdout: stdout.join(''),
    stderr: stderr.join(''),
  }));
}

test('a wrong command or option is a fault of usage, with what was probably meant', async () => {
  const command = await run('chek');
  assert.equal(command.code, 64);
  assert.match(
    command.stderr,
    /^unknown command 'chek' \(Did you mean check\?\).*\nWhat to do: see exo-bridge --help\n$/,
  );
  const option = await run('check', '--ofline', '--json');
  assert.equal(option.code, 64);
  const problem = JSON.parse(option.stdout);
  assert.equal(problem.code, 'cli.usage');
  assert.match(problem.detail, /--ofline.*Did you mean --offline/);
  assert.match(problem.cure, /exo-bridge check --help/);
});

test('a failure is one line for the cause and one for the cure, and with --json a problem document', async () => {
  const file = join(folder, 'nowhere.yaml');
  const { code, stdout, stderr } = await run('permissions', '--config', file, '--json');
  assert.equal(code, 78);
  assert.match(
    stderr,
    /^the configuration file can't be read: .*\nWhat to do: .*exo-bridge init\n$/,
  );
  assert.equal(JSON.parse(stdout).type, 'urn:exo-bridge:problem:config.unreadable');
  assert.doesNotMatch(stdout + stderr, /\p{Cc}\[/u, 'colours in a pipe');
});

test('Ctrl-C ends a command with 130, without a stack and without a session left', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const rehearsal = await startRehearsal({
    people: 5,
    groups: 1,
    latency: 0,
    seed: 1,
    engine: STAND_IN,
  });
  const { port } = silent.address() as AddressInfo;
  const trelica = { ...rehearsal.trelica, baseUrl: `http://127.0.0.1:${port}` };
  const { configFile, secrets } = installFor({ ...rehearsal, trelica }, folder, 0);
  const child = spawn(process.execPath, ['src/cli/main.ts', 'check', '--config', configFile], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...secrets },
  });
  const stderr = textOf(child.stderr);
  await once(silent, 'request');
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  assert.equal(code, 130);
  assert.deepEqual(stderr, []);
  assert.equal(rehearsal.tenant.connections(), 0);
  silent.closeAllConnections();
  silent.close();
  await rehearsal.close();
});

/** A Node of the machine's own that is too old for us, if there is one. */
function oldNode(): string | undefined {
  const search = (process.env['PATH'] ?? '').split(delimiter);
  const own = search.filter((place) => !place.includes('node_modules'));
  return own
    .map((place) => programOnPath('node', resolve(place)))
    .find((node) => node !== undefined && majorOf(node) < 24);
}

function majorOf(node: string): number {
  return Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]']).toString());
}

const old = oldNode();
test('a Node that is too old says in a sentence which one is needed', {
  skip: old === undefined ? 'no older Node on PATH' : false,
}, () => {
  assert.throws(
    () => execFileSync(old ?? '', ['bin/exo-bridge.cjs', '--help'], { stdio: 'pipe' }),
    (error) => {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      return (
        status === 1 &&
        /^exo-bridge needs Node 24 or newer; .*\nWhat to do: .*\n$/.test(stderr.toString())
      );
    },
  );
});

test('the launcher runs the program', () => {
  const shown = execFileSync(process.execPath, ['bin/exo-bridge.cjs', '--help']).toString();
  assert.match(shown, /Set up:[\s\S]*Run:[\s\S]*Look after:[\s\S]*Rehearse:/);
});
