import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fold, wordsIn } from '../../src/offboarding/fold.ts';

const INDENT = '      ';

test('no line is wider than 100 columns but for a word that is, and no word is lost', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), (text) => {
      const words = wordsIn(text);
      const lines = fold(words, '  ', INDENT);
      assert.deepEqual(lines.flatMap(wordsIn), words);
      for (const line of lines) {
        assert.ok(line.length <= 100 || wordsIn(line).length === 1, line);
      }
    }),
  );
});

test('a line break in what Exchange says begins no line of ours', () => {
  assert.deepEqual(fold(wordsIn('refused:\r\nVerified  yes'), '  ', INDENT), [
    '  refused: Verified yes',
  ]);
});

test('a parameter stays together with its value', () => {
  const long = `-Identity '${'x'.repeat(60)}'`;
  assert.deepEqual(fold(['Set-Mailbox', long, long], '', INDENT), [
    `Set-Mailbox ${long}`,
    `${INDENT}${long}`,
  ]);
});
