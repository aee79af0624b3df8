import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { all, readStages } from './dockerfile.ts';

/** The two steps of the image that download, with a `curl` that brings small packages instead. */

const stage = readStages('deploy/Dockerfile').find(({ name }) => name === 'powershell');
const [powershellStep = '', moduleStep = ''] = all(stage, 'RUN');
const defaults = Object.fromEntries(
  all(stage, 'ARG')
    .filter((text) => text.includes('='))
    .map((text) => text.split('=') as [string, string]),
);

const folder = mkdtempSync(join(tmpdir(), 'downloads-'));
after(() => rmSync(folder, { recursive: true }));

const missing = ['bash', 'tar', 'python3', 'sha256sum'].filter(
  (program) => spawnSync(program, ['--version']).error !== undefined,
);
const skip = missing.length === 0 ? false : `there is no ${missing.join(', ')}`;

/** Runs a step as the build does, below a folder of its own, and gives the folder. */
function run(step: string, download: string, variables: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(folder, 'root-'));
  mkdirSync(join(root, 'tmp'));
  mkdirSync(join(root, 'bin'));
  const curl = '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ncp "$DOWNLOAD" "$2"\n';
  writeFileSync(join(root, 'bin', 'curl'), curl);
  chmodSync(join(root, 'bin', 'curl'), 0o755);
  const here = step
    .replaceAll('/tmp/', `${root}/tmp/`)
    .replaceAll('/opt/powershell', `${root}/powershell`);
  const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', here], {
    env: { ...defaults, ...variables, DOWNLOAD: download, PATH: `${root}/bin:/usr/bin:/bin` },
    encoding: 'utf8',
  });
  return { status, stderr, powershell: join(root, 'powershell') };
}

const digestOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Files with nothing in them, packed by a command of the machine. */
function pack(name: string, files: readonly string[], ...command: readonly string[]): string {
  const content = mkdtempSync(join(folder, 'content-'));
  for (const file of files) {
    mkdirSync(join(content, file, '..'), { recursive: true });
    writeFileSync(join(content, file), '');
  }
  const archive = join(folder, name);
  const [program = '', ...options] = command;
  execFileSync(program, [...options, archive, ...readdirSync(content)], { cwd: content });
  return archive;
}

test('PowerShell is unpacked for everybody if it is what was pinned, else not at all', {
  skip,
}, () => {
  const archive = pack('pwsh.tar.gz', ['pwsh', 'Modules/one.psd1'], 'tar', '-czf');
  const right = run(powershellStep, archive, {
    PWSH_SHA256_ARM64: digestOf(archive),
    TARGETARCH: 'arm64',
  });
  assert.equal(right.status, 0, right.stderr);
  assert.equal(statSync(join(right.powershell, 'pwsh')).mode & 0o777, 0o755);
  const wrong = run(powershellStep, archive, { TARGETARCH: 'amd64' });
  assert.notEqual(wrong.status, 0);
  assert.equal(existsSync(wrong.powershell), false);
  assert.match(run(powershellStep, archive, { TARGETARCH: 's390x' }).stderr, /no PowerShell for/);
});

test('the module is unpacked without its packaging, and only with a digest somebody gave', {
  skip,
}, () => {
  const files = ['[Content_Types].xml', '_rels/.rels', 'package/a.psmdcp', 'Exchange.nuspec'];
  const archive = pack('m.nupkg', [...files, 'netCore/a.dll'], 'python3', '-m', 'zipfile', '-c');
  const right = run(moduleStep, archive, { EXO_MODULE_SHA256: digestOf(archive) });
  assert.equal(right.status, 0, right.stderr);
  const { EXO_MODULE_VERSION: version = '' } = defaults;
  const module = join(right.powershell, 'Modules/ExchangeOnlineManagement', version);
  assert.deepEqual(readdirSync(module), ['netCore']);
  for (const variables of [{}, { EXO_MODULE_SHA256: '' }, { EXO_MODULE_SHA256: '0'.repeat(64) }]) {
    const wrong = run(moduleStep, archive, variables);
    assert.notEqual(wrong.status, 0);
    assert.equal(existsSync(wrong.powershell), false);
  }
});
