import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { Operator } from '../../src/cli/operator.ts';
import { freePort } from '../e2e/program.ts';
import { eventually } from '../support/eventually.ts';
import { all, readStages } from './dockerfile.ts';
import { readYamlFile } from './files.ts';

/**
 * What the image does, without an engine: the steps of its stage `service` in a plain folder, then its
 * command as its user, in a mount namespace in which everything but the volume and /tmp is read-only.
 * `npm run try-image`; takes about half a minute and installs packages, so it is not part of `npm test`.
 */

const DOCKERFILE = 'deploy/Dockerfile';
const USER = 10_001;
/** /tmp is an own file system in there, as in the container. */
const folder = mkdtempSync('/var/tmp/exo-image-');
const app = join(folder, 'app');
const volume = join(folder, 'volume');
const etc = join(folder, 'etc');
const node = join(folder, 'node');

const cannot =
  spawnSync('unshare', ['--mount', 'true']).status === 0
    ? false
    : 'no mount namespace may be made here: run it as root on Linux';

const stages = readStages(DOCKERFILE);
const children = new Set<ChildProcess>();

before(() => {
  chmodSync(folder, 0o755);
  for (const made of [app, volume, etc]) {
    mkdirSync(made);
  }
  copyFileSync(process.execPath, node);
});
after(() => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
  rmSync(folder, { recursive: true });
});

test('the steps of the image install the service without its development packages', () => {
  const service = stages.find(({ name }) => name === 'service');
  for (const { name, text } of service?.instructions ?? []) {
    if (name === 'COPY') {
      const sources = text.split(/\s+/).slice(0, -1);
      for (const source of sources) {
        cpSync(source, join(app, basename(source)), { recursive: true });
      }
    } else if (name === 'RUN') {
      execFileSync('sh', ['-ec', text], { cwd: app, stdio: ['ignore', 'ignore', 'inherit'] });
    }
  }
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const left = Object.keys(devDependencies).filter((name) =>
    existsSync(join(app, 'node_modules', name)),
  );
  assert.deepEqual(left, []);
  assert.ok(existsSync(join(app, 'node_modules/node-pty/build/Release/pty.node')));
});

test('the image runs as its user on a read-only file system and gets a leaver done', {
  skip: cannot,
}, async (context) => {
  const port = await freePort();
  const rehearsal = await startSandbox(port);
  context.diagnostic(`sessions run on ${rehearsal.engine}`);
  const { configFile, environment } = await install(rehearsal);
  const started = startConfined(configFile, environment);
  const token = readFileSync(environment['EXO_BRIDGE_OPERATOR_TOKEN_FILE'] ?? '', 'utf8');
  const operator = new Operator(`http://127.0.0.1:${port}`, token);
  await eventually(
    'the service is ready',
    () => {
      assert.equal(started.child.exitCode, null, started.output());
      return operator.get('/readyz').then(
        ({ ready }) => ready === true,
        () => false,
      );
    },
    60_000,
  );
  assert.equal(healthcheck(port), 0);

  const run = await post(rehearsal.startRun, { email: rehearsal.leaver });
  const job = await eventually(
    'the leaver is done',
    async () => {
      const found = await operator.jobOfRun(String(run['runId']));
      return found?.state === 'done' ? found : undefined;
    },
    60_000,
  );
  assert.equal(job.verdict, 'continue');

  assert.deepEqual(
    globSync('*', { cwd: volume }).filter((name) => !name.startsWith('jobs.db')),
    [],
  );
  started.child.kill('SIGTERM');
  const [code] = await once(started.child, 'exit');
  assert.equal(code, 0, started.output());
  assert.equal(healthcheck(port), 1);
});

interface Sandbox {
  readonly engine: string;
  readonly startRun: string;
  readonly leaver: string;
  readonly configFile: string;
  readonly environmentFile: string;
  readonly certificateFile: string;
}

/** Both far ends, from the same folder: they need no development package either. */
async function startSandbox(port: number): Promise<Sandbox> {
  const webhook = `http://127.0.0.1:${port}/webhooks/trelica`;
  const child = spawn(
    node,
    ['src/cli/main.ts', 'sandbox', '--folder', join(folder, 'sandbox'), '--webhook', webhook],
    { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.add(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { engine, trelica, exchange, configFile, environmentFile } = JSON.parse(line);
  const { startRun } = trelica;
  const { leaver, certificateFile } = exchange;
  return { engine, startRun, leaver, configFile, environmentFile, certificateFile };
}

/** Settings and secrets as compose.yaml hands them over: files, and variables that name them. */
async function install(sandbox: Sandbox) {
  const configFile = join(etc, 'exo-bridge.yaml');
  const settings = parse(readFileSync(sandbox.configFile, 'utf8'));
  writeFileSync(configFile, stringify({ ...settings, dataDirectory: volume }));
  const secrets = Object.fromEntries(
    readFileSync(sandbox.environmentFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const { environment } = readYamlFile('deploy/compose.yaml').services['exo-bridge'];
  const variables: Record<string, string> = {};
  for (const [variable, path] of Object.entries<string>(environment)) {
    const name = variable.replace(/_FILE$/, '');
    const file = join(etc, basename(path));
    const content =
      name === 'EXO_BRIDGE_CERTIFICATE' ? readFileSync(sandbox.certificateFile) : secrets[name];
    writeFileSync(file, content ?? '', { mode: 0o400 });
    chownSync(file, USER, USER);
    variables[variable] = file;
  }
  chownSync(volume, USER, USER);
  return { configFile, environment: variables };
}

/** The command of the image; every step leads to the next by `exec`, so a signal arrives as in the container. */
function startConfined(configFile: string, environment: Readonly<Record<string, string>>) {
  const [, command = ''] = / -- (.*)/.exec(entrypoint().join(' ')) ?? [];
  const script = `
    mount --make-rprivate /
    mount --bind '${volume}' '${volume}'
    mount -t tmpfs -o mode=1777,size=256m,nosuid,nodev,noexec tmpfs /tmp
    mount -o remount,bind,ro /
    cd '${app}'
    exec setpriv --reuid ${USER} --regid ${USER} --clear-groups --no-new-privs --bounding-set=-all \
      --inh-caps=-all ${command.replace(/^node/, node)} --config '${configFile}'`;
  const child = spawn('unshare', ['--mount', 'sh', '-euc', script], {
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: '/tmp',
      NODE_ENV: 'production',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  return { child, output: () => output };
}

function entrypoint(): readonly string[] {
  return JSON.parse(all(stages.at(-1), 'ENTRYPOINT')[0] ?? '[]');
}

/** Runs the HEALTHCHECK of the image and gives its exit code. */
function healthcheck(port: number): number | null {
  const [text = ''] = all(stages.at(-1), 'HEALTHCHECK');
  const [, ...argumentsOfNode] = JSON.parse(text.slice(text.indexOf('['))) as string[];
  return spawnSync(
    node,
    argumentsOfNode.map((one) => one.replace('8080', String(port))),
  ).status;
}

async function post(url: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}
