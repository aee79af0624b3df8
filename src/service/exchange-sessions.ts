import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from '../config.ts';
import {
  type ConnectSettings,
  connect,
  isConnectionGone,
  type SignIn,
} from '../exchange/connect.ts';
import type { Logger } from '../log.ts';
import { Pool } from '../powershell/pool.ts';
import { type Session, startSession } from '../powershell/session.ts';
import { openSessionFolders } from '../powershell/session-folders.ts';

const WORKER = resolve(import.meta.dirname, '../powershell/worker.ps1');
/** Calls that may wait for a session: one job makes a few at a time. */
const CALLS_A_JOB = 16;

export interface SessionEnvironment {
  /** What the sessions may inherit from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

export interface ExchangeSessions {
  readonly pool: Pool;
  /** Holds the sessions' own folders; to be deleted at the end. */
  readonly folder: string;
}

/** The pool of sessions that are connected to Exchange as the configuration says. Starts none yet. */
export function createExchangeSessions(
  config: Config,
  { environment, log }: SessionEnvironment,
): ExchangeSessions {
  const folder = openSessionFolders(tmpdir());
  const settings = connectSettings(config);
  const open = async (signal: AbortSignal): Promise<Session> => {
    const session = await startSession({
      command: config.powershell.command,
      workerScript: WORKER,
      baseDirectory: folder,
      inherited: environment,
      environment: config.powershell.environment,
      startTimeoutMs: config.powershell.startTimeoutSeconds * 1_000,
      signal,
      log,
    });
    await connectUnlessAborted(session, settings, signal);
    return session;
  };
  const size = {
    size: 1,
    queueLimit: config.limits.concurrentJobs * CALLS_A_JOB,
    queueTimeoutMs: config.exchange.writeTimeoutSeconds * 1_000,
  };
  return {
    folder,
    pool: new Pool(size, { open, isSpent: isConnectionGone, random: Math.random, log }),
  };
}

async function connectUnlessAborted(
  session: Session,
  settings: ConnectSettings,
  signal: AbortSignal,
): Promise<void> {
  const onAbort = () => void session.stop('the service stops');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await connect(session, settings);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function connectSettings({ exchange, powershell, secrets }: Config): ConnectSettings {
  return {
    signIn: signInOf({ exchange, secrets }),
    appId: exchange.appId,
    organization: exchange.organization,
    environmentName: exchange.environmentName,
    modulePath: powershell.modulePath,
    moduleVersion: powershell.moduleVersion,
    connectTimeoutMs: exchange.connectTimeoutSeconds * 1_000,
  };
}

function signInOf({ exchange, secrets }: Pick<Config, 'exchange' | 'secrets'>): SignIn {
  switch (exchange.signIn) {
    case 'certificate':
      return { kind: 'certificate', ...(secrets.certificate ?? { pfx: '', password: '' }) };
    case 'thumbprint':
      return { kind: 'thumbprint', thumbprint: exchange.certificateThumbprint ?? '' };
    case 'managed-identity':
      return { kind: 'managed-identity', accountId: exchange.managedIdentityAccountId };
  }
}
