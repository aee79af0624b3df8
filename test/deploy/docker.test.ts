import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { all, readInstructions, readStages } from './dockerfile.ts';
import {
  CONTAINER_SETTINGS,
  longestStopSeconds,
  readYamlFile,
  secretVariables,
  settingsOf,
} from './files.ts';

const FILE = 'deploy/Dockerfile';
const stages = readStages(FILE);
const last = stages.at(-1);
const { services, secrets, networks } = readYamlFile('deploy/compose.yaml');
const service = services['exo-bridge'];

/** `ARG NAME=value` anywhere in the file. */
function argument(name: string): string {
  const found = readInstructions(FILE).find(
    (instruction) => instruction.name === 'ARG' && instruction.text.startsWith(`${name}=`),
  );
  return found?.text.slice(name.length + 1) ?? '';
}

test('the image has the Node that the tests run on, and nothing is the latest of its kind', () => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.equal(argument('NODE_VERSION'), devDependencies.node);
  for (const { image } of stages) {
    assert.match(image, /^node:\$\{NODE_VERSION\}-bookworm(-slim)?$/);
  }
  assert.doesNotMatch(readFileSync(FILE, 'utf8'), /latest/);
});

test('PowerShell and the module of the image fit together, and the settings demand this module', () => {
  const version = (name: string) => argument(name).split('.').map(Number);
  const [pwsh = 0, pwshMinor = 0] = version('PWSH_VERSION');
  const [module = 0, moduleMinor = 0] = version('EXO_MODULE_VERSION');
  const needsNew = module > 3 || moduleMinor >= 10;
  assert.ok(pwsh === 7 && pwshMinor >= (needsNew ? 6 : 4));
  assert.equal(
    settingsOf(CONTAINER_SETTINGS).powershell.moduleVersion,
    argument('EXO_MODULE_VERSION'),
  );
});

test('what the image downloads is checked before it is unpacked', () => {
  for (const name of ['PWSH_SHA256_AMD64', 'PWSH_SHA256_ARM64']) {
    assert.match(argument(name), /^[0-9a-f]{64}$/);
  }
  const steps = stages.flatMap((stage) => all(stage, 'RUN')).filter((step) => /curl/.test(step));
  assert.equal(steps.length, 2);
  for (const step of steps) {
    assert.match(step, /curl -fsSL .*https:.*sha256sum --check --strict.*(tar -xzf|zipfile -e)/s);
  }
  assert.equal(
    stages.some((stage) => all(stage, 'ADD').length > 0),
    false,
  );
});

test('the image takes what the service needs from the repository, and nothing else reaches its build', () => {
  const copied = stages
    .flatMap((stage) => all(stage, 'COPY'))
    .filter((text) => !text.startsWith('--from='))
    .flatMap((text) => text.split(/\s+/).slice(0, -1));
  const allowed = readFileSync('deploy/Dockerfile.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  assert.deepEqual(copied.sort(), ['LICENSE', 'bin', 'package-lock.json', 'package.json', 'src']);
  assert.deepEqual(allowed.sort(), copied);
});

test('the last stage has no compiler, is not root, and starts without a shell', () => {
  const text = last?.instructions.map((one) => `${one.name} ${one.text}`).join('\n') ?? '';
  assert.doesNotMatch(text, /g\+\+|gcc|build-essential|python3|curl|npm ci/);
  assert.match(all(last, 'USER')[0] ?? '', /^[1-9]\d*:[1-9]\d*$/);
  assert.deepEqual(JSON.parse(all(last, 'ENTRYPOINT')[0] ?? ''), [
    '/usr/bin/tini',
    '--',
    'node',
    'src/main.ts',
  ]);
  assert.deepEqual(JSON.parse(all(last, 'CMD')[0] ?? '')[0], '--config');
});

test('the image asks /livez for its health, on the port of the settings', () => {
  const { listen, dataDirectory } = settingsOf(CONTAINER_SETTINGS);
  const [health = ''] = all(last, 'HEALTHCHECK');
  assert.match(health, new RegExp(`127\\.0\\.0\\.1:${listen.port}/livez`));
  assert.deepEqual(all(last, 'EXPOSE'), [String(listen.port)]);
  assert.deepEqual(all(last, 'VOLUME'), [dataDirectory]);
});

test('the composed service can write to its volume and to /tmp only, and can gain no rights', () => {
  assert.equal(service.read_only, true);
  assert.deepEqual(service.cap_drop, ['ALL']);
  assert.deepEqual(service.security_opt, ['no-new-privileges:true']);
  assert.equal(service.ulimits.core, 0);
  assert.equal(service.tmpfs.length, 1);
  assert.match(service.tmpfs[0], /^\/tmp:.*noexec/);
  const { dataDirectory } = settingsOf(CONTAINER_SETTINGS);
  const writable = service.volumes.filter((volume: string) => !volume.endsWith(':ro'));
  assert.deepEqual(writable, [`data:${dataDirectory}`]);
  assert.equal(service.privileged ?? service.network_mode ?? service.pid, undefined);
});

test('the composed service gets each secret as a file, by the variables that are read', () => {
  const variables = Object.entries<string>(service.environment);
  assert.deepEqual(
    variables.map(([name]) => name).sort(),
    secretVariables()
      .map((name) => `${name}_FILE`)
      .sort(),
  );
  for (const [, path] of variables) {
    const name = path.replace('/run/secrets/', '');
    assert.ok(service.secrets.includes(name) && name in secrets, path);
  }
});

test('the composed service is reached from this machine only, and believes this machine’s proxy', () => {
  const { listen } = settingsOf(CONTAINER_SETTINGS);
  assert.deepEqual(service.ports, [`127.0.0.1:${listen.port}:${listen.port}`]);
  assert.deepEqual(listen.trustedProxies, [networks.default.ipam.config[0].gateway]);
});

test('the composed service is given the time that a stop may take', () => {
  assert.ok(Number.parseInt(service.stop_grace_period, 10) > longestStopSeconds());
});
