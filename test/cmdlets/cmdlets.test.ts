import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CMDLETS, type PlainKind } from '../../src/cmdlets/cmdlets.ts';
import { readDocumented } from '../../src/sandbox/stand-in/documented.ts';

const documented = readDocumented();

const FITS: Readonly<Record<PlainKind, (type: string) => boolean>> = {
  identity: (type) => type.endsWith('IdParameter'),
  rule: (type) => type === 'InboxRuleIdParameter',
  text: (type) =>
    !/^(SwitchParameter|Boolean|U?Int32|(Ex)?DateTime|PSCredential)$|\[\]$/.test(type),
  number: (type) => type === 'Int32',
  date: (type) => type === 'DateTime' || type === 'ExDateTime',
  change: (type) => type === 'MultiValuedProperty',
  texts: (type) => type.endsWith('[]') || type === 'MultiValuedProperty',
  flag: (type) => type === 'SwitchParameter' || type === 'Boolean',
};

test('a switch is never cleared: it is on or off', () => {
  for (const [name, { parameters }] of Object.entries(CMDLETS)) {
    for (const [parameter, kind] of Object.entries(parameters)) {
      const type = documented[name]?.parameters[parameter]?.type;
      assert.ok(type !== 'SwitchParameter' || !kind.endsWith('nothing'), `${name} -${parameter}`);
    }
  }
});

for (const [name, { effect, parameters }] of Object.entries(CMDLETS)) {
  test(`${name} is documented, with the parameters and types we use`, () => {
    const known = documented[name];
    assert.ok(known, 'the documentation has no such cmdlet');
    for (const [parameter, kind] of Object.entries(parameters)) {
      const type = known.parameters[parameter]?.type;
      assert.ok(type, `no parameter ${parameter}`);
      const plain = kind.replace(/ or nothing$/, '') as PlainKind;
      assert.ok(FITS[plain](type), `${parameter} is a ${type}, not a ${kind}`);
    }
  });

  test(`${name} ${effect === 'read' ? 'reads' : 'can be told not to ask'}`, () => {
    assert.equal(name.startsWith('Get-'), effect === 'read');
    assert.equal('Confirm' in parameters, effect === 'write');
  });
}
