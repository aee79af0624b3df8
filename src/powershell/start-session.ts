import { ServiceError } from '../errors.ts';
import { Channel } from './channel.ts';
import { Pty } from './pty.ts';
import { Session, type SessionParts } from './session.ts';
import { shellEnvironment } from './shell-environment.ts';

export interface SessionOptions extends SessionParts {
  /** The shell: a program, perhaps with leading arguments. */
  readonly command: readonly [string, ...string[]];
  readonly workerScript: string;
  /** Folder for the session's own folder; keep its path short. */
  readonly baseDirectory: string;
  /** The service's environment, of which a session gets a few variables. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
  /** Ends a session that has not greeted yet. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a shell in a terminal and waits for its worker's greeting. Throws `powershell.start-failed`
 * with the console's last lines if it ends, is silent for too long or can't prove itself.
 */
export async function startSession(options: SessionOptions): Promise<Session> {
  const channel = await Channel.open(options.baseDirectory);
  const { command, workerScript: script, inherited, environment } = options;
  const { directory } = channel;
  const shell = shellEnvironment(inherited, environment, directory);
  const wiring = { SESSION_CHANNEL: channel.address, SESSION_TOKEN: channel.token };
  const pty = spawnOrClose(channel, {
    command,
    script,
    directory,
    environment: { ...shell, ...wiring },
  });
  const session = new Session(channel, pty, options);
  await session.greeted(options.startTimeoutMs, options.signal);
  return session;
}

function spawnOrClose(channel: Channel, options: ConstructorParameters<typeof Pty>[0]): Pty {
  try {
    return new Pty(options);
  } catch (cause) {
    channel.close();
    throw new ServiceError('powershell.start-failed', 'the shell could not be started', { cause });
  }
}
