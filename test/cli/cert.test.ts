import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const ORGANIZATION = 'contoso.onmicrosoft.com';
const BASE = `exo-bridge-${ORGANIZATION}`;

function run(...words: readonly string[]) {
  const program = [join('src', 'cli', 'main.ts'), 'cert', ...words];
  const env = { PATH: process.env['PATH'] ?? '' };
  return spawnSync(process.execPath, program, { encoding: 'utf8', env });
}

describe('exo-bridge cert', () => {
  let parent: string;
  let folder: string;
  let created: ReturnType<typeof run>;
  const pfx = () => join(folder, `${BASE}.pfx`);
  const password = () => join(folder, `${BASE}.password`);
  const create = () => run('create', '--organization', ORGANIZATION, '--out', folder);

  before(() => {
    parent = mkdtempSync(join(tmpdir(), 'cert-'));
    folder = join(parent, 'made', 'by-it');
    created = create();
  });
  after(() => rmSync(parent, { recursive: true }));

  test('create writes key and password for the owner alone, and the public part', () => {
    assert.equal(created.status, 0, created.stderr);
    assert.deepEqual(readdirSync(folder).sort(), [
      `${BASE}.cer`,
      `${BASE}.password`,
      `${BASE}.pfx`,
    ]);
    if (process.platform !== 'win32') {
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.equal(statSync(pfx()).mode & 0o777, 0o600);
      assert.equal(statSync(password()).mode & 0o777, 0o600);
    }
    assert.match(created.stdout, /^Thumbprint {2}[0-9A-F]{40}$/m);
    assert.match(created.stdout, /^Valid until \d{4}-\d\d-\d\d$/m);
    assert.match(created.stdout, /Certificates & secrets/);
    assert.ok(!created.stdout.includes(readFileSync(password(), 'utf8').trim()));
  });

  test('create never overwrites', () => {
    const old = readFileSync(pfx());
    const again = create();
    assert.equal(again.status, 1);
    assert.match(again.stderr, /there already and is kept.*\n.*--out/);
    assert.deepEqual(readFileSync(pfx()), old);
  });

  test('create --secrets writes into the secrets folder what show and the service find there', () => {
    const secrets = join(folder, 'new', 'secrets');
    const words = ['create', '--organization', ORGANIZATION, '--secrets', secrets];
    assert.equal(run(...words).status, 0);
    assert.deepEqual(readdirSync(secrets).sort(), [
      'certificate-password',
      'certificate.cer',
      'certificate.pfx',
    ]);
    const file = join(secrets, 'certificate.pfx');
    const shown = run('show', file, '--password-file', join(secrets, 'certificate-password'));
    assert.equal(shown.status, 0, shown.stderr);
    const again = run(...words);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /there already and is kept/);
  });

  test('show tells who named no password to name it', () => {
    const shown = run('show', pfx());
    assert.equal(shown.status, 1);
    assert.match(shown.stderr, /without a password.*\n.*--password-file/);
  });

  test('show tells the same of PFX and CER', () => {
    const [thumbprint] = /[0-9A-F]{40}/.exec(created.stdout) ?? [];
    const ofPfx = run('show', pfx(), '--password-file', password(), '--json');
    const ofCer = run('show', join(folder, `${BASE}.cer`), '--json');
    const facts = JSON.parse(ofPfx.stdout);
    assert.deepEqual(JSON.parse(ofCer.stdout), { ...facts, hasPrivateKey: false });
    assert.equal(facts.thumbprint, thumbprint);
    assert.equal(facts.subject, `CN=exo-bridge ${ORGANIZATION}`);
    assert.equal(facts.daysLeft, 364);
    assert.equal(facts.isValid, true);
  });

  test('show tells cause and cure of a wrong password, and not the password', () => {
    const wrong = join(folder, 'wrong');
    writeFileSync(wrong, 'canary', { mode: 0o600 });
    const shown = run('show', pfx(), '--password-file', wrong);
    assert.equal(shown.status, 1);
    assert.match(shown.stderr, /^the password does not open the PFX file.*\n.*cert show/);
    assert.ok(!shown.stderr.includes('canary'));
  });

  test('a wrong word is a fault of usage', () => {
    assert.equal(run('create', '--organization', 'not a domain').status, 64);
    assert.equal(run('create', '--organization', ORGANIZATION, '--days', '4000').status, 64);
  });
});
