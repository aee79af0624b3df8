import { Command, CommanderError } from 'commander';
import { registerDemo } from './demo.ts';
import { EXIT } from './exit.ts';
import { tell } from './failure.ts';
import { registerPlan } from './plan.ts';
import { registerSandbox } from './sandbox.ts';
import { registerUndo } from './undo.ts';

/** The command line. Each file registers its own command; the order here is that of the help. */
export function createProgram(): Command {
  const program = new Command('exo-bridge')
    .description('Exchange Online work for a Trelica workflow when a person leaves.')
    // A wrong word is told by us, as every other failure is.
    .configureOutput({ outputError: () => undefined })
    .helpCommand(false)
    .exitOverride();
  registerPlan(program);
  registerUndo(program);
  registerDemo(program);
  registerSandbox(program);
  return program;
}

/** Reads the words after the program's name and does what they say. Sets the exit code of the process. */
export async function runProgram(words: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    process.exitCode = error.exitCode === 0 ? EXIT.ok : wrongWord(error, program, words);
  }
}

function wrongWord(error: CommanderError, program: Command, words: readonly string[]): number {
  const command = program.commands.find((one) => one.name() === words[0]);
  const help = ['exo-bridge', ...(command === undefined ? [] : [command.name()]), '--help'];
  // Without a command the help itself was printed.
  if (error.code !== 'commander.help') {
    const cause = error.message.replace(/^error: /, '').replace(/\s*\n/g, ' ');
    const failure = { code: 'cli.usage', cause, cure: `see ${help.join(' ')}` } as const;
    tell({ ...failure, exit: EXIT.usage }, { json: words.includes('--json') });
  }
  return EXIT.usage;
}
