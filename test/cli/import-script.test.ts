import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { readScript } from '../../src/cli/import-script/read-script.ts';
import { loadSettings } from '../../src/config.ts';

const run = promisify(execFile);
const SCRIPT = 'test/cli/sync-script.ps1';
const folder = mkdtempSync(join(tmpdir(), 'import-'));
after(() => rmSync(folder, { recursive: true }));

test('the variables of a script become the configuration that does the same', async () => {
  const file = join(folder, 'exo-bridge.yaml');
  const words = ['import-script', SCRIPT, '--config', file, '--client-id', 'abc', '--region', 'us'];
  const { stdout } = await run(process.execPath, ['src/cli/main.ts', ...words, '--json']);
  const settings = loadSettings(file);
  assert.equal(settings.exchange.organization, 'contoso.onmicrosoft.com');
  assert.equal(settings.trelica.baseUrl.href, 'https://app.trelica.com/');
  assert.deepEqual(
    settings.workflows.map(({ workflow, step, action }) => [workflow, step, action]),
    [
      ['Person leaves', 'Exchange "Online" #1', 'Continue'],
      ["Contractor's last day", 'Exchange "Online" #1', 'Continue'],
    ],
  );
  const { operations } = settings.workflows[0] ?? assert.fail('no workflow');
  assert.deepEqual(Object.keys(operations), [
    'delegate-access',
    'leave-groups',
    'convert-to-shared',
  ]);
  // The script gave Full Access with Exchange's own default for mapping, and no right to send.
  assert.match(readFileSync(file, 'utf8'), /"fullAccess":true,"autoMapping":true,"sendAs":false/);
  const { notRead, changes } = JSON.parse(stdout);
  assert.match(notRead.join('\n'), /\$CERT_PATH, line 10, is an expression/);
  assert.match(notRead.join('\n'), /Set-MailboxAutoReplyConfiguration is called/);
  assert.match(notRead.join('\n'), /Set-Mailbox -ForwardingAddress is called/);
  const told = JSON.stringify(changes);
  for (const part of [
    '$DRY_RUN = $true',
    'reads back what it changed',
    'removal that failed was only printed',
  ]) {
    assert.ok(told.includes(part), part);
  }
});

test('what the script does not tell is asked for, not guessed', async () => {
  const script = join(folder, 'empty.ps1');
  writeFileSync(script, '$STEP_NAME = "Signal"\n');
  const file = join(folder, 'never.yaml');
  const words = ['import-script', script, '--config', file, '--client-id', 'abc', '--region', 'us'];
  await assert.rejects(run(process.execPath, ['src/cli/main.ts', ...words]), {
    code: 64,
    stderr:
      /^the script does not tell workflow, action, operations .*\n.*--workflow, --action, --operations\n$/,
  });
  assert.ok(!existsSync(file));
});

const VALUES: readonly (readonly [string, unknown])[] = [
  ["$X = 'it''s'", "it's"],
  ['$x = "a `"b`" $"', 'a "b" $'],
  ['$X="a" ; $Y = 1', 'a'],
  ["$X = @('a',\n  'b' # second\n)", ['a', 'b']],
  ["$X = 'a', 'b'\r\n", ['a', 'b']],
  ['$X = $False', false],
  ['$X = "$Y.example"', undefined],
  ["$X = 'a' + 'b'", undefined],
  ['$X = Get-Content x.txt', undefined],
  ["$X = 'a'\n$X = 'b'", undefined],
  ["# $X = 'a'", undefined],
  ["<#\n$X = 'a'\n#>", undefined],
  ["  $X = 'within a function'", undefined],
];
for (const [text, value] of VALUES) {
  test(`${JSON.stringify(text)} ${value === undefined ? 'is not read' : 'is read as it is'}`, () => {
    assert.deepEqual(readScript(text, ['X']).values.get('X'), value);
  });
}
