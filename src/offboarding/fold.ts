/** As wide as a terminal, a ticket or a page may be expected to be. */
const COLUMNS = 100;

/**
 * One entry in lines of at most 100 columns, broken between its words only; a longer word has a line to itself.
 * `first` comes before the first line, `rest` before each of the others.
 */
export function fold(words: readonly string[], first: string, rest: string): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of words) {
    const longer = isEmpty ? line + word : `${line} ${word}`;
    if (isEmpty || longer.length <= COLUMNS) {
      line = longer;
    } else {
      lines.push(line);
      line = rest + word;
    }
    isEmpty = false;
  }
  return [...lines, line];
}

/** The words of a sentence; whatever blanks and line breaks are in it, none of them begins a line of ours. */
export function wordsIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
