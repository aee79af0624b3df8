import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseStrictJson } from '../../src/http/json.ts';

const parse = (text: string) => parseStrictJson(Buffer.from(text));
const REFUSED = { code: 'http.invalid-request' };

/** Keys that look like the parser's own marks, and values that look like keys. */
const trickyText = fc.oneof(
  fc.string({ maxLength: 12, unit: 'grapheme' }),
  fc.constantFrom('"', '\\', '\\"', '":', '{', '}', '[', ']', ':', '"a":1', '\\u0061', '\n'),
);
/** Refused wherever they are, so not part of what must be read. */
const key = trickyText.filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
const { value: document } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    trickyText,
    fc.integer(),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('what JSON.stringify writes is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(document, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      assert.deepEqual(parse(text), JSON.parse(text));
    }),
  );
});

test('a key that occurs twice is refused wherever it is and however it is written', () => {
  const places: readonly ((object: string) => string)[] = [
    (object) => object,
    (object) => `[1, ${object}]`,
    (object) => `{"outer": ${object}}`,
    (object) => `{"before": {"x": []}, "outer": [${object}]}`,
  ];
  fc.assert(
    fc.property(key, document, fc.constantFrom(...places), (name, between, place) => {
      const escaped = [...name].map((one) => unicodeEscape(one)).join('');
      const twice = `{${JSON.stringify(name)} : 1, "between ${'x'.repeat(20)}": ${JSON.stringify(between)}, "${escaped}" : 2}`;
      assert.throws(() => parse(place(twice)), REFUSED);
    }),
  );
});

function unicodeEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');
}

test('equal keys of different objects, and values equal to keys, are fine', () => {
  for (const text of [
    '[{"a":1},{"a":2}]',
    '{"a":{"a":{"a":1}}}',
    '{"a":"a","b":"a"}',
    '["a","a"]',
  ]) {
    assert.deepEqual(parse(text), JSON.parse(text));
  }
});

test('eight levels are read, the ninth is refused, however many there are', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  assert.doesNotThrow(() => parse(nested(8)));
  for (const levels of [9, 30, 32_000]) {
    assert.throws(() => parse(nested(levels)), REFUSED);
  }
});

test('a refusal repeats nothing of the body', () => {
  const bodies = ['{"canary":1,"canary":2}', '{"canary', 'canary', '[[[[[[[[["canary"]]]]]]]]]'];
  for (const body of bodies) {
    assert.throws(
      () => parse(body),
      (error) => error instanceof Error && !error.message.includes('canary'),
    );
  }
});

test('the longest text that fits a body is read at once', () => {
  const text = `{"a":"${'\\\\'.repeat(32_000)}"}`;
  assert.deepEqual(parse(text), JSON.parse(text));
});
