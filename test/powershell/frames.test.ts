import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameDecoder } from '../../src/powershell/decode-frames.ts';
import { assertRequest, encodeFrame } from '../../src/powershell/encode-frame.ts';
import {
  MAX_FRAME_BYTES,
  type ParameterValue,
  type WorkerFrame,
} from '../../src/powershell/frames.ts';
import { HOSTILE_TEXTS } from './worker-contract.ts';

const ALLOW = { 'Set-Thing': ['Text', 'Identity', 'Mailbox', 'Member'] };
const SECRET = 'hunter2-never-told';

const lineOf = (frame: unknown) => Buffer.from(`${JSON.stringify(frame)}\n`);
const item = (text: string): WorkerFrame => ({ v: 1, type: 'item', id: 7, rows: [{ Text: text }] });

function decodeInPieces(bytes: Buffer, cuts: readonly number[]): readonly WorkerFrame[] {
  const decoder = new FrameDecoder();
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return edges
    .slice(1)
    .flatMap((end, index) => decoder.push(Buffer.from(bytes.subarray(edges[index], end))));
}

function request(parameters: Readonly<Record<string, unknown>>, command = 'Set-Thing') {
  return { command, parameters: parameters as Record<string, ParameterValue>, properties: [] };
}

test('frames are the same wherever the bytes are cut, inside a character too', () => {
  const frames = [
    item('é\u2028\u{1F600}\n"'),
    { v: 1, type: 'bye', reason: 'ж' } satisfies WorkerFrame,
  ];
  const bytes = Buffer.concat(frames.map(lineOf));
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    assert.deepEqual(decodeInPieces(bytes, [cut]), frames, `cut at byte ${cut}`);
  }
  assert.deepEqual(
    decodeInPieces(
      bytes,
      Array.from(bytes, (_, index) => index),
    ),
    frames,
  );
});

test('any texts survive any cuts', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(...HOSTILE_TEXTS.filter((one) => one.length < 100)),
  );
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (texts, at) => {
        const frames = texts.map(item);
        const bytes = Buffer.concat(frames.map(lineOf));
        const cuts = at.map((cut) => cut % (bytes.length + 1));
        assert.deepEqual(decodeInPieces(bytes, cuts), frames);
      },
    ),
  );
});

for (const [what, line] of [
  ['text that is no JSON', `${SECRET}\n`],
  ['an empty line', '\n'],
  ['JSON that is no object', `["${SECRET}"]\n`],
  ['an unknown type', `{"v":1,"type":"boo","text":"${SECRET}"}\n`],
  ['another version', `{"v":2,"type":"bye","reason":"${SECRET}"}\n`],
  ['an unknown member', `{"v":1,"type":"bye","reason":"x","${SECRET}":1}\n`],
  ['a missing member', `{"v":1,"type":"hello","token":"${SECRET}"}\n`],
  ['a wrong kind', `{"v":1,"type":"result","id":"${SECRET}"}\n`],
  ['a byte order mark', '\ufeff{"v":1,"type":"bye","reason":"x"}\n'],
] as const) {
  test(`${what} is no frame, and the refusal does not quote it`, () => {
    assert.throws(
      () => new FrameDecoder().push(Buffer.from(line)),
      (error: Error & { code?: string; facts?: unknown }) => {
        assert.equal(error.code, 'powershell.protocol-violated');
        assert.ok(!`${error.stack}${JSON.stringify(error.facts)}`.includes(SECRET));
        return true;
      },
    );
  });
}

test('a line without end is refused as soon as it is too long', () => {
  const decoder = new FrameDecoder();
  const chunk = Buffer.alloc(1024 * 1024, 'a');
  for (let sent = 0; sent < MAX_FRAME_BYTES; sent += chunk.length) {
    assert.deepEqual(decoder.push(chunk), []);
  }
  assert.throws(() => decoder.push(Buffer.from('a')), { code: 'powershell.protocol-violated' });
});

test('an encoded frame is one line that parses to what was given', () => {
  for (const text of HOSTILE_TEXTS) {
    const { command, parameters, properties } = request({ Text: text });
    const frame = { v: 1, type: 'run', id: 1, command, parameters, properties } as const;
    const line = encodeFrame(frame).toString('utf8');
    assert.equal(line.indexOf('\n'), line.length - 1);
    assert.ok(JSON.parse(line).parameters.Text === text, JSON.stringify(text.slice(0, 40)));
  }
});

test('a request longer than a frame may be is refused', () => {
  const { command, parameters } = request({ Text: 'x'.repeat(MAX_FRAME_BYTES) });
  assert.throws(
    () => encodeFrame({ v: 1, type: 'run', id: 1, command, parameters, properties: [] }),
    { code: 'powershell.value-refused' },
  );
});

for (const value of [
  null,
  undefined,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  { nested: 1 },
  new Date(0),
  ['a', null],
  [['a']],
  { $type: 'weird' },
  { $type: 'secure-string', value: 1 },
  { $type: 'secure-string', value: 'x', more: 'y' },
  { $type: 'change', add: ['a'] },
  { $type: 'change', add: ['\udc00'], remove: [] },
  '\ud800',
  ['ok', 'half \udc00'],
]) {
  test(`a parameter that is ${JSON.stringify(value) ?? String(value)} is refused`, () => {
    assert.throws(() => assertRequest(request({ Text: value }), ALLOW), {
      code: 'powershell.value-refused',
    });
  });
}

for (const name of ['Identity', 'Mailbox', 'Member']) {
  for (const value of ['', ' ', '\u00a0\t', '*', 'a?', ['a@b.example'], 5, true]) {
    test(`-${name} ${JSON.stringify(value)} names no object and is refused`, () => {
      assert.throws(() => assertRequest(request({ [name]: value }), ALLOW), {
        code: 'powershell.value-refused',
      });
    });
  }
}

for (const [command, parameters] of [
  ['Get-Other', {}],
  ['set-thing', {}],
  ['constructor', {}],
  ['Set-Thing', { Nope: 'x' }],
  ['Set-Thing', { text: 'x' }],
  ['Set-Thing', { toString: 'x' }],
] as const) {
  test(`${command} with ${JSON.stringify(parameters)} is outside the allow list`, () => {
    assert.throws(() => assertRequest(request(parameters, command), ALLOW), {
      code: 'powershell.command-refused',
    });
  });
}
