/** A value of a variable as far as it can be told without running anything. */
export type ScriptValue = string | boolean | readonly string[];

export interface Script {
  readonly values: ReadonlyMap<string, ScriptValue>;
  /** Variables that are assigned, but not to anything that can be read: each with its line. */
  readonly unread: readonly {
    readonly name: string;
    readonly line: number;
    readonly text: string;
  }[];
  /** Every cmdlet that is called, comments left out. */
  readonly cmdlets: ReadonlySet<string>;
  /** Whether a cmdlet is called with a parameter and, if given, a value. */
  calls(cmdlet: string, parameter: string, value?: string): boolean;
  /** The parameters a cmdlet is called with anywhere. */
  parametersOf(cmdlet: string): readonly string[];
}

/**
 * Reads the variables of a PowerShell script that are assigned at the start of a line, by their names in
 * capitals. Understands quoted texts, lists of them, `$true` and `$false`. Runs nothing.
 */
export function readScript(text: string, names: readonly string[]): Script {
  const code = withoutComments(text);
  const values = new Map<string, ScriptValue>();
  const unread: Script['unread'][number][] = [];
  for (const name of names) {
    const found = [...code.matchAll(new RegExp(`^\\$${name}[ \\t]*=(?!=)`, 'gim'))];
    const [first, ...others] = found;
    const value =
      first && others.length === 0
        ? parseValue(code.slice(first.index + first[0].length))
        : undefined;
    if (value !== undefined) {
      values.set(name, value);
    } else if (first !== undefined) {
      const line = code.slice(0, first.index).split('\n').length;
      unread.push({ name, line, text: code.slice(first.index).split('\n')[0] ?? '' });
    }
  }
  return {
    values,
    unread,
    cmdlets: new Set([...code.matchAll(/\b[A-Z]\w+-[A-Z]\w+/gi)].map(([name]) => name)),
    calls: (cmdlet, parameter, value = '') =>
      new RegExp(`\\b${cmdlet}\\b[^\\n|;]*-${parameter}\\b[ :]*['"]?${value}`, 'i').test(code),
    parametersOf: (cmdlet) => [
      ...new Set(
        [...code.matchAll(new RegExp(`\\b${cmdlet}\\b(?!-)[^\\n|;]*`, 'gi'))].flatMap(([call]) =>
          [...call.matchAll(/\s-([A-Z]\w*)/gi)].map(([, name = '']) => name),
        ),
      ),
    ],
  };
}

/** Blanks instead of comments, so that lines keep their numbers. Quoted texts keep their `#`. */
function withoutComments(text: string): string {
  return text.replaceAll(
    /<#[\s\S]*?#>|"(?:[^"`]|`[\s\S]|"")*"|'(?:[^']|'')*'|(?<![\w`])#[^\n]*/g,
    (part) => (/^(<#|#)/.test(part) ? part.replaceAll(/[^\n]/g, ' ') : part),
  );
}

const QUOTED = /"(?:[^"`]|`[\s\S]|"")*"|'(?:[^']|'')*'/y;

/** Undefined for an expression: what it comes to, only PowerShell knows. */
function parseValue(code: string): ScriptValue | undefined {
  const [, flag] = /^[ \t]*\$(true|false)[ \t\r]*(?:\n|;|$)/i.exec(code) ?? [];
  if (flag !== undefined) {
    return flag.toLowerCase() === 'true';
  }
  const list = /^[ \t]*@\(/.exec(code);
  const texts =
    list === null ? readTexts(code, /[\n;]/) : readTexts(code.slice(list[0].length), /\)/);
  return list === null && texts?.length === 1 ? texts[0] : texts;
}

/** Quoted texts with commas or, within a list, line breaks between them, up to the end. */
function readTexts(code: string, end: RegExp): readonly string[] | undefined {
  const texts: string[] = [];
  for (let at = 0; ; ) {
    const rest = code.slice(at);
    const gap =
      (end.source === '\\)' ? /^[\s,]*/ : /^(?:[ \t\r]|,\s*)*/).exec(rest)?.[0].length ?? 0;
    const next = rest.slice(gap, gap + 1);
    if (next === '' || end.test(next)) {
      return texts.length > 0 ? texts : undefined;
    }
    QUOTED.lastIndex = at + gap;
    const quoted = QUOTED.exec(code)?.[0];
    const text = quoted === undefined ? undefined : unquote(quoted);
    if (quoted === undefined || text === undefined) {
      return undefined;
    }
    texts.push(text);
    at += gap + quoted.length;
  }
}

/** Undefined for a text with a variable or an expression in it. */
function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("'")) {
    return inner.replaceAll("''", "'");
  }
  return /(?<!`)\$[\w({]/.test(inner)
    ? undefined
    : inner.replaceAll(/`([\s\S])|""/g, (whole, escaped?: string) => escaped ?? whole.slice(1));
}
