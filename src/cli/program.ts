import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { EXIT } from './exit.ts';
import { tell } from './failure.ts';

/** Adds a command with its words, its help and what it does. */
export type Register = (program: Command) => void;

export function createProgram(commands: readonly Register[]): Command {
  const program = new Command('exo-bridge')
    .description('Exchange Online work for a Trelica workflow when a person leaves.')
    .version(versionOf())
    // A wrong word is told by us, as every other failure is.
    .configureOutput({ outputError: () => undefined })
    .helpCommand(false)
    .addHelpText('after', '\nMore about a command: exo-bridge COMMAND --help')
    .exitOverride();
  for (const register of commands) {
    register(program);
  }
  return program;
}

function versionOf(): string {
  const file = join(import.meta.dirname, '../../package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/** Does what the words after the program's name say, and sets the exit code of the process. */
export async function runProgram(
  commands: readonly Register[],
  words: readonly string[],
): Promise<void> {
  const program = createProgram(commands);
  process.stdout.on('error', endWithReader);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    process.exitCode = error.exitCode === 0 ? EXIT.ok : wrongWord(error, program, words);
  }
}

/** Whoever read our output has enough of it (`exo-bridge … | head`). */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') {
    throw error;
  }
  process.exit();
}

function wrongWord(error: CommanderError, program: Command, words: readonly string[]): number {
  const command = program.commands.find((one) => one.name() === words[0]);
  const help = ['exo-bridge', ...(command === undefined ? [] : [command.name()]), '--help'];
  // Without any word the help itself was printed.
  if (error.code !== 'commander.help') {
    const cause = error.message.replace(/^error: /, '').replace(/\s*\n/g, ' ');
    const failure = { code: 'cli.usage', cause, cure: `see ${help.join(' ')}` } as const;
    tell({ ...failure, exit: EXIT.usage }, { json: words.includes('--json') });
  }
  return EXIT.usage;
}
