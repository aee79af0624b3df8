import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { CertificateKeeper, type CertificateNews } from '../certificate/keeper.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import {
  type ConnectSettings,
  connect,
  disconnect,
  healthOf,
  type SignIn,
} from '../exchange/connect.ts';
import { callConnected } from '../exchange/connected-call.ts';
import { isFinal } from '../exchange/sign-in-faults.ts';
import type { Logger } from '../log.ts';
import type { RecycleLimits } from '../powershell/member.ts';
import { Pool } from '../powershell/pool.ts';
import type { PoolSettings } from '../powershell/pool-parts.ts';
import type { Session } from '../powershell/session.ts';
import { openSessionFolders } from '../powershell/session-folders.ts';
import { type SessionOptions, startSession } from '../powershell/start-session.ts';

const WORKER = resolve(import.meta.dirname, '../powershell/worker.ps1');
/** Calls that may wait for a session: one job makes a few at a time. */
const CALLS_A_JOB = 16;
const BEAT_MS = 20_000;
const IDLE_MS = 15 * 60_000;
/** A token that the module can't renew lasts an hour or more: no session may outlive it. */
const TOKEN_SESSION_MS = 30 * 60_000;

export interface SessionEnvironment {
  /** Hears what a person should know of the certificate. */
  readonly onCertificateNews?: (news: CertificateNews) => void;
  /** What the sessions may inherit from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

export interface ExchangeSessions {
  readonly pool: Pool<Session>;
  /** Undefined unless the sign-in is by certificate. */
  readonly certificate: CertificateKeeper | undefined;
  /** Holds the sessions' own folders; to be deleted at the end. */
  readonly folder: string;
}

/** The pool of sessions that are connected to Exchange as the configuration says. Starts none yet. */
export function createExchangeSessions(
  config: Config,
  { environment, log, onCertificateNews = () => undefined }: SessionEnvironment,
): ExchangeSessions {
  const folder = openSessionFolders(tmpdir());
  const { secrets } = config;
  const certificate =
    secrets.certificate &&
    new CertificateKeeper({
      first: secrets.certificate,
      readAgain: secrets.certificate.readAgain,
      clock: systemClock,
      log,
      onReplaced: () => pool.renew('another certificate'),
      onNews: onCertificateNews,
    });
  const settings = connectSettings(config, certificate);
  const pool = new Pool<Session>(poolSettings(config), {
    start: (id, signal) =>
      startSession({
        ...sessionOptions(config, { environment, log }),
        baseDirectory: folder,
        id,
        signal,
      }),
    connect: async (session) => {
      await connect(session, settings);
    },
    run: callConnected,
    disconnect,
    healthOf,
    isFinal,
    clock: systemClock,
    random: Math.random,
    log,
  });
  return { folder, pool, certificate };
}

/** How a session is started, besides its folder. */
export function sessionOptions(
  { powershell }: Config,
  { environment, log }: SessionEnvironment,
): Omit<SessionOptions, 'baseDirectory'> {
  return {
    command: powershell.command,
    workerScript: WORKER,
    inherited: environment,
    environment: powershell.environment,
    startTimeoutMs: powershell.startTimeoutSeconds * 1_000,
    log,
  };
}

function poolSettings({ powershell, exchange, limits }: Config): PoolSettings {
  const { minimum, maximum } = powershell.sessions;
  return {
    minimum,
    maximum,
    line: {
      limit: limits.concurrentJobs * CALLS_A_JOB,
      timeoutMs: exchange.writeTimeoutSeconds * 1_000,
    },
    recycle: recycleLimits(powershell.sessions, exchange.signIn === 'access-token'),
    beatMs: BEAT_MS,
  };
}

function recycleLimits(
  chosen: Config['powershell']['sessions'],
  isByToken: boolean,
): RecycleLimits {
  const ageMs = chosen.recycleAfterMinutes * 60_000;
  return {
    operations: chosen.recycleAfterCommands,
    ageMs: isByToken ? Math.min(ageMs, TOKEN_SESSION_MS) : ageMs,
    memoryBytes: chosen.recycleAboveMegabytes * 2 ** 20,
    idleMs: IDLE_MS,
  };
}

/** How a session is connected, with the certificate as it is then. */
export function connectSettings(
  config: Config,
  certificate: Pick<CertificateKeeper, 'current'> | undefined,
): ConnectSettings {
  const { exchange, powershell } = config;
  return {
    signIn: signInOf(config, certificate),
    appId: exchange.appId,
    organization: exchange.organization,
    environmentName: exchange.environmentName,
    modulePath: powershell.modulePath,
    moduleVersion: powershell.moduleVersion,
    connectTimeoutMs: exchange.connectTimeoutSeconds * 1_000,
  };
}

function signInOf(
  { exchange, secrets }: Config,
  certificate: Pick<CertificateKeeper, 'current'> | undefined,
): SignIn {
  switch (exchange.signIn) {
    case 'certificate':
      return {
        kind: 'certificate',
        read: async () => (await certificate?.current()) ?? { pfx: '', password: '' },
      };
    case 'thumbprint':
      return { kind: 'thumbprint', thumbprint: exchange.certificateThumbprint ?? '' };
    case 'managed-identity':
      return { kind: 'managed-identity', accountId: exchange.managedIdentityAccountId };
    case 'access-token':
      return { kind: 'access-token', read: secrets.accessToken ?? (() => '') };
  }
}
