import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CMDLETS, type ValueKind } from '../../src/cmdlets/cmdlets.ts';
import { readDocumented } from '../../src/sandbox/stand-in/documented.ts';

const documented = readDocumented();

const FITS: Readonly<Record<ValueKind, (type: string) => boolean>> = {
  identity: (type) => type.endsWith('IdParameter'),
  text: (type) => !/^(SwitchParameter|Boolean|U?Int32|DateTime|PSCredential)$|\[\]$/.test(type),
  texts: (type) => type.endsWith('[]') || type === 'MultiValuedProperty',
  flag: (type) => type === 'SwitchParameter' || type === 'Boolean',
};

for (const [name, { effect, parameters }] of Object.entries(CMDLETS)) {
  test(`${name} is documented, with the parameters and types we use`, () => {
    const known = documented[name];
    assert.ok(known, 'the documentation has no such cmdlet');
    for (const [parameter, kind] of Object.entries(parameters)) {
      const type = known.parameters[parameter]?.type;
      assert.ok(type, `no parameter ${parameter}`);
      assert.ok(FITS[kind](type), `${parameter} is a ${type}, not a ${kind}`);
    }
  });

  test(`${name} ${effect === 'read' ? 'reads' : 'can be told not to ask'}`, () => {
    assert.equal(name.startsWith('Get-'), effect === 'read');
    assert.equal('Confirm' in parameters, effect === 'write');
  });
}
