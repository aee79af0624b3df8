import { ServiceError } from '../errors.ts';

/** sysexits.h: the configuration is wrong. */
const EXIT_CONFIGURATION = 78;

export interface Telling {
  readonly json?: boolean | undefined;
}

/**
 * Does a command's work and makes its end the exit code of the process. Failures we can name are told in a
 * sentence; others keep their stack. Ctrl-C aborts the signal.
 */
export async function act(
  { json = false }: Telling,
  work: (interrupted: AbortSignal) => Promise<number>,
): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt);
  try {
    process.exitCode = await work(interruption.signal);
  } catch (error) {
    if (!(error instanceof ServiceError)) {
      throw error;
    }
    const { code, message } = error;
    console.error(json ? JSON.stringify({ error: { code, message } }) : `${message} (${code})`);
    process.exitCode = code.startsWith('config.') ? EXIT_CONFIGURATION : 1;
  } finally {
    process.off('SIGINT', interrupt);
  }
}
