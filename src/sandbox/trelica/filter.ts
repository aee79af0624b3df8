/**
 * The filter language of Trelica's lists: SCIM's, with a sub-filter in brackets for lists of objects.
 *
 *   status ne "Terminated" and steps[status eq "Waiting" and id eq "60aa…"]
 */
export type Test = (value: unknown) => boolean;

export class FilterError extends Error {}

type Token = { readonly kind: 'word' | 'text' | 'mark'; readonly text: string };

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([()[\]])|([A-Za-z0-9_.:$+-]+))/y;

/** Turns a filter into a test of one object. Throws `FilterError`. */
export function parseFilter(source: string): Test {
  const reader = new Reader(tokensOf(source));
  const test = readOr(reader);
  if (reader.next !== undefined) {
    throw new FilterError(`unexpected ${reader.next.text}`);
  }
  return test;
}

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = source.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null) {
      throw new FilterError(`cannot read the filter at position ${at}`);
    }
    const [, quoted, mark, word] = match;
    tokens.push(
      quoted !== undefined
        ? { kind: 'text', text: unquote(quoted) }
        : { kind: mark === undefined ? 'word' : 'mark', text: mark ?? word ?? '' },
    );
  }
  return tokens;
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new FilterError('a text with a wrong escape');
  }
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  take(): Token {
    const token = this.next;
    if (token === undefined) {
      throw new FilterError('the filter ends too early');
    }
    this.#at += 1;
    return token;
  }

  takeIf(text: string): boolean {
    const isThere = this.next?.kind !== 'text' && this.next?.text.toLowerCase() === text;
    if (isThere) {
      this.#at += 1;
    }
    return isThere;
  }

  expect(text: string): void {
    if (!this.takeIf(text)) {
      throw new FilterError(`expected ${text}`);
    }
  }
}

function readOr(reader: Reader): Test {
  const parts = [readAnd(reader)];
  while (reader.takeIf('or')) {
    parts.push(readAnd(reader));
  }
  return (value) => parts.some((part) => part(value));
}

function readAnd(reader: Reader): Test {
  const parts = [readNot(reader)];
  while (reader.takeIf('and')) {
    parts.push(readNot(reader));
  }
  return (value) => parts.every((part) => part(value));
}

function readNot(reader: Reader): Test {
  if (reader.takeIf('not')) {
    const inner = readNot(reader);
    return (value) => !inner(value);
  }
  if (reader.takeIf('(')) {
    const inner = readOr(reader);
    reader.expect(')');
    return inner;
  }
  return readComparison(reader);
}

function readComparison(reader: Reader): Test {
  const path = reader.take();
  if (path.kind !== 'word') {
    throw new FilterError('expected the name of an attribute');
  }
  if (reader.takeIf('[')) {
    const inner = readOr(reader);
    reader.expect(']');
    return (value) => listAt(value, path.text).some(inner);
  }
  const operator = reader.take().text.toLowerCase();
  if (operator === 'pr') {
    return (value) => !isAbsent(valueAt(value, path.text));
  }
  const compare = COMPARE[operator];
  if (compare === undefined) {
    throw new FilterError(`unknown operator ${operator}`);
  }
  const wanted = literal(reader.take());
  return (value) => compare(valueAt(value, path.text), wanted);
}

function literal(token: Token): string | number | boolean | null {
  if (token.kind === 'text') {
    return token.text;
  }
  const word = token.text.toLowerCase();
  if (word === 'true' || word === 'false') {
    return word === 'true';
  }
  if (word === 'null') {
    return null;
  }
  if (/^-?\d+$/.test(word)) {
    return Number(word);
  }
  throw new FilterError(`${token.text} is no value; texts stand in double quotes`);
}

const bothTexts =
  (compare: (value: string, wanted: string) => boolean) =>
  (value: unknown, wanted: unknown): boolean =>
    typeof value === 'string' && typeof wanted === 'string' && compare(value, wanted);

const COMPARE: Readonly<Record<string, (value: unknown, wanted: unknown) => boolean>> = {
  eq: (value, wanted) => (isAbsent(value) ? wanted === null : value === wanted),
  ne: (value, wanted) => (isAbsent(value) ? wanted !== null : value !== wanted),
  gt: bothTexts((value, wanted) => value > wanted),
  ge: bothTexts((value, wanted) => value >= wanted),
  lt: bothTexts((value, wanted) => value < wanted),
  le: bothTexts((value, wanted) => value <= wanted),
  sw: bothTexts((value, wanted) => value.startsWith(wanted)),
  ew: bothTexts((value, wanted) => value.endsWith(wanted)),
  co: bothTexts((value, wanted) => value.includes(wanted)),
};

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => {
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, name)
      ? (inner as Readonly<Record<string, unknown>>)[name]
      : undefined;
  }, value);
}

function listAt(value: unknown, path: string): readonly unknown[] {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list : [];
}
