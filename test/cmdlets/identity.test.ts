import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isAddress, parseIdentity } from '../../src/cmdlets/identity.ts';

const REFUSED: readonly unknown[] = [
  undefined,
  null,
  '',
  ' ',
  '*',
  'a*@b.example',
  '?',
  '00000000-0000-0000-0000-000000000000',
  '{aff1c467-ccc0-4dfa-ab3d-816bafa9c8e2}',
  'a@b.example,c@d.example',
  'a@b.example;c@d.example',
  'a@b.example c@d.example',
  'a@b.example\n',
  '\na@b.example',
  ' a@b.example',
  'Max Müster',
  'max',
  'CONTOSO\\max',
  'max@',
  '@b.example',
  'max@localhost',
  'a"b@c.example',
  'a\u2019b@c.example',
  `${'a'.repeat(65)}@b.example`,
  `a@${'b.'.repeat(130)}example`,
  0,
  true,
  ['a@b.example'],
  { toString: () => 'a@b.example' },
];

for (const value of REFUSED) {
  test(`${JSON.stringify(value) ?? 'undefined'} names nobody for certain`, () => {
    assert.throws(() => parseIdentity(value), { code: 'exchange.identity-refused' });
  });
}

for (const value of [
  'aff1c467-ccc0-4dfa-ab3d-816bafa9c8e2',
  'AFF1C467-CCC0-4DFA-AB3D-816BAFA9C8E2',
  "lee.o'neil-astrom@example.org",
  'a+b@sub.example.org',
]) {
  test(`${value} names one object`, () => {
    assert.equal(parseIdentity(value), value);
  });
}

test('whatever passes holds no wildcard, blank, double quote, separator or control character', () => {
  const alphabet = fc.string({ unit: fc.constantFrom(...'ab1.@-\'*? ",;<>()\n\t\u0000\u2019é') });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), alphabet), (text) => {
      if (isAddress(text)) {
        assert.doesNotMatch(text, /[*\s",;<>()\u2019]|[^\x21-\x7e]/);
        assert.equal(text.split('@').length, 2);
      } else {
        assert.throws(() => parseIdentity(text), { code: 'exchange.identity-refused' });
      }
    }),
    { numRuns: 2_000 },
  );
});
