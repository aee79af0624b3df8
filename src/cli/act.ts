import { EXIT } from './exit.ts';
import { failureOf, tell } from './failure.ts';

export interface Telling {
  readonly json?: boolean | undefined;
}

/** How long an interrupted command may take to leave things tidy. */
const TIDY_WITHIN_MS = 5_000;

/**
 * Does a command's work and makes its end the exit code of the process. What fails is told with its cure.
 * Ctrl-C asks the work by its signal to end, and ends the command with 130; a second one, or a work that
 * takes too long to tidy up, ends it at once.
 */
export async function act(
  options: Telling,
  work: (interrupted: AbortSignal) => Promise<number>,
): Promise<void> {
  const interruption = new AbortController();
  const onInterrupt = () => {
    if (interruption.signal.aborted) {
      process.exit(EXIT.interrupted);
    }
    interruption.abort();
    setTimeout(() => process.exit(EXIT.interrupted), TIDY_WITHIN_MS).unref();
  };
  process.on('SIGINT', onInterrupt);
  await perform(options, () => work(interruption.signal), interruption.signal);
  process.off('SIGINT', onInterrupt);
}

/** The same for a command that runs until it is stopped, and sees to the signals itself. */
export async function perform(
  { json = false }: Telling,
  work: () => Promise<number>,
  interrupted?: AbortSignal,
): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    // Also a question that Ctrl-C broke off: the terminal sends no signal then.
    if (!(interrupted?.aborted || (error instanceof Error && error.name === 'AbortError'))) {
      const failure = failureOf(error);
      tell(failure, { json, error });
      process.exitCode = failure.exit;
      return;
    }
    process.exitCode = EXIT.interrupted;
  }
}
