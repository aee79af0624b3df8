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
  return [...inSentences, ...inBlocks].map(([, words = '']) => words.trim().split(/\s+/));
}

const run = promisify(execFile);

/** The help of a command; undefined if there is no such command. */
async function helpOf(command: readonly string[]): Promise<string | undefined> {
  const { stdout } = await run(process.execPath, ['src/cli/main.ts', ...command, '--help']);
  return stdout.startsWith(`Usage: exo-bridge ${[...command, ''].join(' ')}`) ? stdout : undefined;
}

/** On the pages already, and checked from the moment they are there. */
const COMING = ['backup', 'check', 'import-script', 'permissions', 'poll'];

/** The leading words of a command line that are neither options nor values. */
function commandOf(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

test('every command and option that a page names exists', async () => {
  const lines = PAGES.flatMap((page) => commandLines(page).map((words) => ({ page, words })));
  const commands = new Map(
    lines.map(({ words }) => [commandOf(words).join(' '), commandOf(words)]),
  );
  const help = new Map(
    await Promise.all(
      [...commands].map(async ([name, command]) => [name, await helpOf(command)] as const),
    ),
  );
  for (const { page, words } of lines) {
    const line = `${page}: exo-bridge ${words.join(' ')}`;
    const known = help.get(commandOf(words).join(' '));
    if (known === undefined) {
      assert.ok(COMING.includes(words[0] ?? ''), line);
      continue;
    }
    for (const option of words.filter((word) => word.startsWith('--'))) {
      assert.ok(known.includes(option), line);
    }
  }
});

test('every piece of settings on a page is valid in its place', () => {
  const example = parse(readFileSync('deploy/exo-bridge.example.yaml', 'utf8'));
  const pieces = PAGES.flatMap((page) => blocks(page, 'yaml').map((text) => ({ page, text })));
  assert.ok(pieces.length >= 4);
  for (const [index, { page, text }] of pieces.entries()) {
    const { exchange, ...rest } = parse(text);
    if (exchange?.signIn === 'thumbprint' && process.platform !== 'win32') {
      continue;
    }
    const file = join(folder, `${index}.yaml`);
    const settings = { ...example, ...rest, exchange: { ...example.exchange, ...exchange } };
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
