import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { longestStopSeconds, secretVariables } from './files.ts';

const SERVICE = 'deploy/systemd/exo-bridge.service';
const POLL = 'deploy/systemd/exo-bridge-poll.service';
const UNITS = [SERVICE, POLL, 'deploy/systemd/exo-bridge-poll.timer'];

/** All values of each setting, in their order. */
function read(file: string): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, string[]>();
  for (const [, name = '', value = ''] of readFileSync(file, 'utf8').matchAll(
    /^([A-Za-z]+)=(.*)$/gm,
  )) {
    settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

/** Variables that name a credential, and the credentials there are. */
function credentials(file: string) {
  const unit = read(file);
  const loaded = (unit.get('LoadCredential') ?? []).map((line) => line.split(':')[0] ?? '');
  const named = (unit.get('Environment') ?? []).flatMap((line) => {
    const [, variable, credential] = /^(EXO_BRIDGE_\w+)_FILE=%d\/(.+)$/.exec(line) ?? [];
    return variable === undefined ? [] : [[variable, credential ?? ''] as const];
  });
  return { loaded, named };
}

for (const file of [SERVICE, POLL]) {
  test(`${basename(file)} hands over every secret as a credential, by the variables that are read`, () => {
    const { loaded, named } = credentials(file);
    assert.deepEqual(named.map(([variable]) => variable).sort(), [...secretVariables()].sort());
    assert.deepEqual(named.map(([, credential]) => credential).sort(), [...loaded].sort());
  });
}

test('whoever polls is confined as the service is, and works on the same queue', () => {
  const own = /^(Description|ExecStart|Type|Restart.*|StartLimit.*|TimeoutStartSec|WantedBy)$/;
  const shared = (file: string) => [...read(file)].filter(([name]) => !own.test(name));
  assert.deepEqual(shared(POLL), shared(SERVICE));
});

test('the unit lets the service end its sessions in its own time, and then kills what is left', () => {
  const unit = read(SERVICE);
  assert.deepEqual(unit.get('KillMode'), ['mixed']);
  assert.ok(Number(unit.get('TimeoutStopSec')?.[0]) > longestStopSeconds());
});

test('the unit starts nothing again that a start cannot cure', () => {
  const exitOf = (...words: string[]) =>
    spawnSync(process.execPath, ['src/main.ts', ...words]).status;
  const final = [exitOf('--no-such-option'), exitOf('--config', 'no-such-file.yaml')];
  const unit = read(SERVICE);
  assert.deepEqual(unit.get('RestartPreventExitStatus')?.[0]?.split(' ').map(Number), final);
  assert.deepEqual(unit.get('Restart'), ['on-failure']);
});

test('no unit forbids what Node and .NET cannot live without', () => {
  // Without it: "Failed to create CoreCLR, HRESULT: 0x8007054F". Later lines change what earlier ones say.
  assert.equal(read(SERVICE).get('SystemCallFilter')?.at(-1), 'sched_setaffinity');
  for (const file of UNITS) {
    const unit = read(file);
    assert.equal(unit.get('MemoryDenyWriteExecute'), undefined, file);
    assert.equal(unit.get('ProcSubset'), undefined, file);
    const families = unit.get('RestrictAddressFamilies');
    assert.ok(families === undefined || families[0]?.includes('AF_UNIX'), file);
  }
});

const cannot =
  spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'there is no systemd-analyze';

test('systemd has nothing to say against the units', { skip: cannot }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'units-'));
  const files = UNITS.map((unit) => {
    const copy = join(folder, basename(unit));
    // systemd looks whether the program is there; here it is elsewhere.
    writeFileSync(copy, readFileSync(unit, 'utf8').replaceAll('/usr/bin/node', process.execPath));
    return copy;
  });
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...files], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  // Other units of this machine may be complained of as well.
  const complaints = stderr.split('\n').filter((line) => line.includes('exo-bridge'));
  assert.deepEqual([status, complaints], [0, []], stderr);
});

/** Of 10; a service without any hardening has 9.6 ("unsafe"). */
const MOST_EXPOSED = 15;

for (const unit of UNITS.filter((file) => file.endsWith('.service'))) {
  test(`${basename(unit)} is as confined as it can be`, { skip: cannot }, () => {
    const { status, stdout } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', `--threshold=${MOST_EXPOSED}`, '--no-pager', unit],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stdout);
  });
}
