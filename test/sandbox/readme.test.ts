import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readDocumented } from '../../src/sandbox/stand-in/documented.ts';
import { CMDLETS } from '../../src/sandbox/tenant/cmdlets/list.ts';
import { FAULT_KINDS } from '../../src/sandbox/tenant/faults.ts';

const PAGES = 'https://learn.microsoft.com/powershell/module/exchangepowershell/';
const readme = readFileSync('src/sandbox/README.md', 'utf8');
const rows = readme
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('the table of cmdlets has each that is imitated, its page, its parameters and a promise', () => {
  const told = rows
    .filter(([, name]) => name?.startsWith('[') === true)
    .map(([, name, parameters, promise]) => {
      assert.ok(promise, `${name} promises nothing`);
      return [name, parameters?.replaceAll('`', '').split(' ').filter(Boolean)];
    });
  const imitated = Object.entries(CMDLETS).map(([name, { parameters }]) => [
    `[${name}](${PAGES}${name.toLowerCase()})`,
    parameters,
  ]);
  assert.deepEqual(told, imitated);
});

test('the table of faults has each that can be ordered', () => {
  const told = rows.flatMap(([, name = '', strikes = '']) =>
    /^(before|the effect|the answer)$/.test(strikes) ? [name.replaceAll('`', '')] : [],
  );
  assert.deepEqual(told.sort(), [...FAULT_KINDS].sort());
});

test('the stand-ins can bind every cmdlet and parameter that is imitated', () => {
  const documented = readDocumented();
  for (const [name, { kind, parameters }] of Object.entries(CMDLETS)) {
    const known = documented[name]?.parameters ?? {};
    const needed = kind === 'write' ? [...parameters, 'Confirm'] : parameters;
    assert.deepEqual(
      needed.filter((parameter) => !(parameter in known)),
      [],
      name,
    );
  }
});
