import { ServiceError } from '../errors.ts';

/** Our bodies are flat; what is deeper is a mistake or an attack. */
const DEEPEST = 8;
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'];

/**
 * JSON as one would read it aloud: JSON.parse takes the last of two equal keys without a word, and two
 * readers of one body may then act on two different people. Throws `http.invalid-request` for equal or
 * forbidden keys, too deep a nesting, broken UTF-8 and broken JSON; the message holds nothing of the body.
 */
export function parseStrictJson(bytes: Buffer): unknown {
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the body.
    throw refused('the body is not JSON');
  }
  assertKeys(text);
  return value;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused('the body is not UTF-8');
  }
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]]|:/gs;

/** Walks the tokens of valid JSON: a string followed by a colon is a key of the innermost object. */
function assertKeys(text: string): void {
  const open: Set<string>[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      open.push(new Set());
      if (open.length > DEEPEST) {
        throw refused(`the body is nested deeper than ${DEEPEST} levels`);
      }
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      assertNewKey(JSON.parse(last) as string, open.at(-1));
    }
    last = token;
  }
}

function assertNewKey(key: string, keys: Set<string> | undefined): void {
  if (FORBIDDEN_KEYS.includes(key) || keys?.has(key)) {
    throw refused(keys?.has(key) ? 'a key occurs twice' : 'a key that is not allowed');
  }
  keys?.add(key);
}

function refused(message: string): ServiceError {
  return new ServiceError('http.invalid-request', message);
}
