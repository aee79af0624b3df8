import { readFileSync } from 'node:fs';

/** One thing to type, as a page has it, and the lines that are promised to be among what it prints. */
export interface Typed {
  /** Of the heading above it: "7. Check". */
  readonly step: string;
  readonly command: string;
  readonly promised: readonly string[];
}

/**
 * What the numbered steps of the README let a person type, in order: each `sh` block, with the `text` block
 * that follows it. Where a block has several commands, its lines are promised by the first.
 */
export function readSteps(): readonly Typed[] {
  const text = readFileSync('README.md', 'utf8');
  const steps = text.matchAll(/^### (\d+\. .+)\n([\s\S]*?)(?=^#{2,3} )/gm);
  return [...steps].flatMap(([, step = '', body = '']) =>
    [...body.matchAll(/^```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```)?/gm)].flatMap(
      ([, commands = '', promised = '']) =>
        linesOf(commands).map((command, index) => ({
          step,
          command,
          promised: index === 0 ? linesOf(promised) : [],
        })),
    ),
  );
}

function linesOf(block: string): readonly string[] {
  return block.split('\n').filter((line) => line !== '');
}

/** The first promised line that is not there, behind the ones before it; `…` stands for anything. */
export function missingOf(promised: readonly string[], printed: string): string | undefined {
  const lines = printed.split('\n');
  let from = 0;
  return promised.find((line) => {
    const pattern = new RegExp(`^${line.split('…').map(RegExp.escape).join('.*')}$`);
    const found = lines.slice(from).findIndex((one) => pattern.test(one));
    from += found + 1;
    return found === -1;
  });
}
