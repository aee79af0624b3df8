import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { accepted } from '../src/http/answers.ts';
import { byPerson, byRun } from '../src/http/webhook.ts';
import { OPERATIONS } from '../src/offboarding/operations/list.ts';
import { settingsOf } from './deploy/files.ts';

/** Whatever a page tells people to type or to write is taken from the page and tried. */

const PAGES = globSync(['*.md', '{docs,deploy}/*.md']);
const folder = mkdtempSync(join(tmpdir(), 'pages-'));
after(() => rmSync(folder, { recursive: true }));

function blocks(page: string, language: string): readonly string[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, 'gm');
  return [...readFileSync(page, 'utf8').matchAll(fence)].map(([, indent = '', text = '']) =>
    text.replace(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** Every command line of ours on a page, as its words; those in a sentence and those in a block. */
function commandLines(page: string): readonly (readonly string[])[] {
  const inSentences = [...readFileSync(page, 'utf8').matchAll(/`(?:npx )?exo-bridge ([^`]+)`/g)];
  const inBlocks = blocks(page, 'sh').flatMap((text) => [
    ...text.matchAll(/^(?:npx )?exo-bridge (.+)$/gm),
  ]);
  return (
    [...inSentences, ...inBlocks]
      .map(([, words = '']) => words.trim().split(/\s+/))
      // `exo-bridge COMMAND` stands for any.
      .filter(([name = '']) => /^[a-z]/.test(name))
  );
}

const run = promisify(execFile);

async function helpOf(command: readonly string[]): Promise<string> {
  return (await run(process.execPath, ['src/cli/main.ts', ...command, '--help'])).stdout;
}

/** The leading words of a command line that are neither options nor values. */
function commandOf(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

test('every command and option that a page names exists', async () => {
  const lines = PAGES.flatMap((page) => commandLines(page).map((words) => ({ page, words })));
  const there = [...(await helpOf([])).matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name);
  const unknown = lines.filter(({ words: [name = ''] }) => !there.includes(name));
  assert.deepEqual(unknown, []);
  // A process each: only for those that say more than the name.
  const asked = new Map(
    lines
      .filter(({ words }) => words.length > 1)
      .map(({ words }) => [commandOf(words).join(' '), commandOf(words)]),
  );
  for (const [name, command] of asked) {
    const help = await helpOf(command);
    assert.ok(help.startsWith(`Usage: exo-bridge ${name} `), name);
    const options = lines
      .filter(({ words }) => commandOf(words).join(' ') === name)
      .flatMap(({ words }) => words.filter((word) => word.startsWith('--')));
    assert.deepEqual(
      options.filter((option) => !help.includes(option)),
      [],
      name,
    );
  }
});

/** A piece in its place: members of the file, or operations of a workflow. */
function complete(piece: Readonly<Record<string, object>>) {
  const example = parse(readFileSync('deploy/exo-bridge.example.yaml', 'utf8'));
  if (Object.keys(piece).every((name) => OPERATIONS.some((kind) => kind.name === name))) {
    return { ...example, workflows: [{ ...example.workflows[0], operations: piece }] };
  }
  const { exchange, ...rest } = piece;
  return { ...example, ...rest, exchange: { ...example.exchange, ...exchange } };
}

test('every piece of settings on a page is valid in its place', () => {
  const pieces = PAGES.flatMap((page) => blocks(page, 'yaml').map((text) => ({ page, text })));
  assert.ok(pieces.length >= 4);
  for (const [index, { page, text }] of pieces.entries()) {
    const settings = complete(parse(text));
    if (settings.exchange.signIn === 'thumbprint' && process.platform !== 'win32') {
      continue;
    }
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, stringify(settings));
    assert.doesNotThrow(() => settingsOf(file), page);
  }
});

test('the bodies of the workflow page are those of the webhook, and the answer is its answer', () => {
  const [ids, person, answer] = blocks('docs/trelica.md', 'json').map((text) => JSON.parse(text));
  assert.equal(byRun.safeParse(ids).success, true);
  assert.equal(byPerson.safeParse(person).success, true);
  assert.deepEqual(Object.keys(answer).sort(), Object.keys(accepted.shape).sort());
});

test('the workflow page says what to do after each answer of the webhook', () => {
  const { paths } = parse(readFileSync('openapi.yaml', 'utf8'));
  const { responses } = paths['/webhooks/trelica'].post;
  const told = [...readFileSync('docs/trelica.md', 'utf8').matchAll(/^\| ((?:\d{3}(?:, )?)+) \|/gm)]
    .flatMap(([, statuses = '']) => statuses.split(', '))
    .filter((status, index, all) => all.indexOf(status) === index);
  assert.deepEqual(told.sort(), Object.keys(responses).sort());
});
