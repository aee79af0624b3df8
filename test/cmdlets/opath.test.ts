import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { opathText } from '../../src/cmdlets/opath.ts';
import { parseFilter } from '../../src/sandbox/tenant/opath.ts';

const CURLY = '\u2018\u2019\u201a\u201b\u201c\u201d\u201e';

function isReadBack(value: string): void {
  const filter = parseFilter(`Members -eq ${opathText(value)}`);
  assert.deepEqual(filter, { kind: 'compare', property: 'Members', operator: '-eq', value });
}

test('an apostrophe is doubled, other quotes are letters', () => {
  assert.equal(opathText("CN=Pat O'Neil"), "'CN=Pat O''Neil'");
  assert.equal(opathText(`CN=${CURLY}`), `'CN=${CURLY}'`);
});

for (const value of ["'", "''", "' -or Name -like '*", '$(x)', '`', CURLY, 'Zoë 王 😀', ' x ']) {
  test(`${JSON.stringify(value)} is read back to the letter`, () => isReadBack(value));
}

test('any text without control characters is one literal', () => {
  const letters = fc.constantFrom("'", '"', '`', '$', '\\', '(', ')', ' ', '-or', ...CURLY, 'é');
  const text = fc.array(letters, { minLength: 1, maxLength: 20 }).map((parts) => parts.join(''));
  fc.assert(fc.property(text, isReadBack));
});

for (const value of [
  '',
  'a\nb',
  '\0',
  '\x1f',
  '\x7f',
  '\x85',
  '\u2028',
  '\u2029',
  '\ud800',
  'a\udc00',
]) {
  test(`${JSON.stringify(value)} is refused`, () => {
    assert.throws(() => opathText(value), { code: 'exchange.identity-refused' });
  });
}
