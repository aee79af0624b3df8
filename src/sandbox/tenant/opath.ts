/**
 * The filter language of the `-Filter` parameters, as far as it is imitated: comparisons joined by
 * `-and`, `-or`, `-not` and parentheses. A text is in single quotes, a quote in it is doubled.
 */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | {
      readonly kind: 'compare';
      readonly property: string;
      readonly operator: Operator;
      readonly value: Literal;
    };
export type Literal = string | boolean | null;

const OPERATORS = ['-eq', '-ne', '-like', '-notlike'] as const;
export type Operator = (typeof OPERATORS)[number];

export class FilterSyntaxError extends Error {
  override readonly name = 'FilterSyntaxError';
}

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: '(' | ')'; readonly text: string };

/** Throws `FilterSyntaxError` for what is no whole filter. */
export function parseFilter(source: string): Filter {
  const tokens = new Tokens(tokenize(source));
  const filter = parseOr(tokens);
  if (tokens.peek() !== undefined) {
    throw new FilterSyntaxError(`unexpected "${tokens.peek()?.text}"`);
  }
  return filter;
}

/** True if the property's values (one or several) satisfy the filter; `read` throws for unknown ones. */
export function satisfies(filter: Filter, read: (property: string) => readonly Literal[]): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => satisfies(part, read));
    case 'or':
      return filter.parts.some((part) => satisfies(part, read));
    case 'not':
      return !satisfies(filter.part, read);
    case 'compare':
      return compare(filter.operator, read(filter.property), filter.value);
  }
}

function compare(operator: Operator, values: readonly Literal[], wanted: Literal): boolean {
  switch (operator) {
    case '-eq':
      return isOneOf(values, wanted);
    case '-ne':
      return !isOneOf(values, wanted);
    case '-like':
      return values.some((value) => isLike(value, wanted));
    case '-notlike':
      return !values.some((value) => isLike(value, wanted));
  }
}

/** A property without a value is `$null`. */
function isOneOf(values: readonly Literal[], wanted: Literal): boolean {
  return wanted === null ? values.length === 0 : values.some((one) => fold(one) === fold(wanted));
}

function isLike(value: Literal, pattern: Literal): boolean {
  const parts = fold(pattern)
    .split('*')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(fold(value));
}

/** Text is compared without regard to case, and booleans may be quoted. */
function fold(value: Literal): string {
  return String(value).toLowerCase();
}

class Tokens {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  take(): Token {
    const token = this.peek();
    if (token === undefined) {
      throw new FilterSyntaxError('the filter ends too early');
    }
    this.#next += 1;
    return token;
  }

  /** Takes the next token if it is this word. */
  skip(word: string): boolean {
    const token = this.peek();
    const isIt = token !== undefined && token.kind !== 'text' && token.text.toLowerCase() === word;
    this.#next += isIt ? 1 : 0;
    return isIt;
  }
}

function tokenize(source: string): readonly Token[] {
  const pattern = /\s*(?:'((?:[^']|'')*)'|([()])|([^\s()']+))/gy;
  const tokens: Token[] = [];
  const end = source.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(source);
    if (match === null) {
      throw new FilterSyntaxError(`a text is not closed at ${at}`);
    }
    tokens.push(toToken(match));
  }
  return tokens;
}

function toToken([, text, parenthesis, word = '']: RegExpExecArray): Token {
  if (text !== undefined) {
    return { kind: 'text', text: text.replaceAll("''", "'") };
  }
  return parenthesis === undefined
    ? { kind: 'word', text: word }
    : { kind: parenthesis === '(' ? '(' : ')', text: parenthesis };
}

function parseOr(tokens: Tokens): Filter {
  const parts = [parseAnd(tokens)];
  while (tokens.skip('-or')) {
    parts.push(parseAnd(tokens));
  }
  return joined('or', parts);
}

function parseAnd(tokens: Tokens): Filter {
  const parts = [parseOne(tokens)];
  while (tokens.skip('-and')) {
    parts.push(parseOne(tokens));
  }
  return joined('and', parts);
}

function joined(kind: 'and' | 'or', parts: readonly Filter[]): Filter {
  const [only, ...more] = parts;
  return only !== undefined && more.length === 0 ? only : { kind, parts };
}

function parseOne(tokens: Tokens): Filter {
  if (tokens.skip('-not')) {
    return { kind: 'not', part: parseOne(tokens) };
  }
  if (tokens.skip('(')) {
    const inner = parseOr(tokens);
    if (!tokens.skip(')')) {
      throw new FilterSyntaxError('a parenthesis is not closed');
    }
    return inner;
  }
  return parseComparison(tokens);
}

function parseComparison(tokens: Tokens): Filter {
  const property = tokens.take();
  const operator = tokens.take();
  const known = OPERATORS.find((one) => one === operator.text.toLowerCase());
  if (property.kind !== 'word' || operator.kind !== 'word' || known === undefined) {
    throw new FilterSyntaxError(`"${property.text} ${operator.text}" begins no comparison`);
  }
  return {
    kind: 'compare',
    property: property.text,
    operator: known,
    value: literal(tokens.take()),
  };
}

const WORDS: Readonly<Record<string, Literal>> = { $true: true, $false: false, $null: null };

function literal({ kind, text }: Token): Literal {
  if (kind === 'text') {
    return text;
  }
  const word = text.toLowerCase();
  if (Object.hasOwn(WORDS, word)) {
    return WORDS[word] ?? null;
  }
  if (kind === 'word' && /^\d+$/.test(text)) {
    return text;
  }
  throw new FilterSyntaxError(`"${text}" is no value`);
}
