import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readableText } from '../../src/offboarding/html.ts';
import { fillIn, mentions, templateSetting } from '../../src/offboarding/template.ts';

const VALUES = {
  'person.name': "Lee O'Neil <b>",
  'manager.name': 'Max & Müster',
  'manager.email': 'max@example.org',
};

function filled(text: string, isHtml = false): string {
  return fillIn(templateSetting.parse(text), VALUES, isHtml);
}

const TEXTS: readonly [text: string, html: string][] = [
  ['{{person.name}} left', 'Lee O&#39;Neil &lt;b&gt; left'],
  ['{{ manager.name }}:{{manager.email}}', 'Max &amp; Müster:max@example.org'],
  ['a < b & "c" > \'d\'', 'a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;'],
  ['one\ntwo\r\nthree', 'one<br>two<br>three'],
  ['\\{{person.name}} is a field', '{{person.name}} is a field'],
  ['{ one } and }} two', '{ one } and }} two'],
  ['$& $1 {person.name}', '$&amp; $1 {person.name}'],
];
for (const [text, html] of TEXTS) {
  test(`${JSON.stringify(text)} arrives as written`, () => {
    assert.equal(filled(text), html);
  });
}

test('HTML of the administrator stays, what is filled in is text all the same', () => {
  assert.equal(
    filled('<a href="mailto:{{manager.email}}">{{person.name}}</a>\n<hr>', true),
    '<a href="mailto:max@example.org">Lee O&#39;Neil &lt;b&gt;</a>\n<hr>',
  );
});

for (const text of [
  'Ask {{manager.phone}}',
  'Ask {{manager}}',
  'Ask {{ }}',
  'Ask {{manager.name',
]) {
  test(`${JSON.stringify(text)} is refused with the fields there are`, () => {
    const { error } = templateSetting.safeParse(text);
    assert.match(
      error?.issues[0]?.message ?? '',
      /unknown field "\{\{.*known: \{\{person\.name\}\}, \{\{manager\.name\}\}, \{\{manager\.email\}\}/,
    );
  });
}

test('which fields a text needs is known', () => {
  const template = templateSetting.parse('{{person.name}} \\{{manager.name}}');
  assert.deepEqual([mentions(template, 'person.'), mentions(template, 'manager.')], [true, false]);
});

test('markup that was rewritten reads as before, another text does not', () => {
  const [written, rewritten] = [
    '<p>Ask <b>Max &amp; Li</b>:<br>li@example.org</p>',
    '<html><head><style>p { margin: 0 }</style></head>\r\n<body dir="ltr"><!-- x --><p class="a">Ask&nbsp;<strong>Max &#38; Li</strong>:\r\n<br />\r\nli@example.org</p>\r\n</body></html>',
  ];
  assert.equal(readableText(rewritten ?? ''), readableText(written ?? ''));
  assert.notEqual(readableText('<p>one</p><p>two</p>'), readableText('onetwo'));
});

test('any text reads back as it was written, however Exchange wraps it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const written = text.replaceAll('{{', '\\{{');
      fc.pre(written.trim() !== '' && templateSetting.safeParse(written).success);
      const html = `<html>\n<body>\n${filled(written)}\n</body>\n</html>\n`;
      assert.equal(readableText(html), text.trim().replace(/\s+/g, ' '));
    }),
  );
});
