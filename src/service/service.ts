import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import {
  type ConnectSettings,
  connect,
  isConnectionGone,
  type SignIn,
} from '../exchange/connect.ts';
import { createExchange } from '../exchange/exchange.ts';
import { buildApp } from '../http/app.ts';
import { Runner } from '../jobs/runner.ts';
import { openSqliteStore } from '../jobs/sqlite.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import { createDirectory } from '../offboarding/directory.ts';
import { Pool } from '../powershell/pool.ts';
import { findProgram } from '../powershell/program.ts';
import { startSession } from '../powershell/session.ts';
import { openSessionFolders } from '../powershell/session-folders.ts';
import { createClient } from '../trelica/client.ts';
import { createRuns } from '../trelica/runs.ts';
import { createSweep } from '../trelica/sweep.ts';
import { createWorkflows } from '../trelica/workflows.ts';
import { createIntake, createLeaverHandler } from './leaver-job.ts';
import { createReadiness } from './readiness.ts';

export interface Service {
  /** Where it listens, e.g. http://127.0.0.1:8080. */
  readonly url: string;
  /** Takes no more work, lets what runs finish within its grace time, and closes everything. May be called twice. */
  stop(): Promise<void>;
}

export interface ServiceParts {
  /** What the sessions may inherit from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}

type App = Awaited<ReturnType<typeof buildApp>>;

const WORKER = resolve(import.meta.dirname, '../powershell/worker.ps1');
/** Calls that may wait for a session: one job makes a few at a time. */
const CALLS_A_JOB = 16;

/**
 * Puts the parts together and starts them. Throws what keeps the service from working at all: a missing
 * shell, an unusable queue, a port in use. Whether Exchange and Trelica answer is readiness, not start.
 */
export async function startService(config: Config, parts: ServiceParts): Promise<Service> {
  const { log } = parts;
  findProgram(config.powershell.command[0], parts.environment['PATH'] ?? '');
  const store = openSqliteStore(join(config.dataDirectory, 'jobs.db'));
  const pool = createPool(config, parts);
  const { runner, app, readiness } = await assemble(config, { log, store, pool });
  const service = {
    url: '',
    stop: once(() => stopAll({ app, runner, pool, store, config, log })),
  };
  try {
    await app.listen({ host: config.listen.host, port: config.listen.port });
    pool.pool.start();
    await runner.start();
    void reportObstacles(readiness, log);
  } catch (error) {
    await service.stop();
    throw error;
  }
  const url = urlOf(app);
  log.info({ url, workflows: config.workflows.map(({ workflow }) => workflow) }, 'service started');
  return { ...service, url };
}

/** A wrong name or secret should be in the log before the first leaver meets it. Never rejects. */
async function reportObstacles(
  readiness: ReturnType<typeof createReadiness>,
  log: Logger,
): Promise<void> {
  for (const { name, ready, reason } of await readiness()) {
    if (!ready && name !== 'exchange') {
      log.error({ part: name, reason }, 'not ready');
    }
  }
}

interface SessionParts {
  readonly pool: Pool;
  /** Holds the sessions' own folders; deleted at the end. */
  readonly folder: string;
}

function createPool(config: Config, { environment, log }: ServiceParts): SessionParts {
  const folder = openSessionFolders(tmpdir());
  const { command, startTimeoutSeconds } = config.powershell;
  const open = async (signal: AbortSignal) => {
    const session = await startSession({
      command,
      workerScript: WORKER,
      baseDirectory: folder,
      inherited: environment,
      environment: config.powershell.environment,
      startTimeoutMs: startTimeoutSeconds * 1_000,
      signal,
      log,
    });
    const onAbort = () => void session.stop('the service stops');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await connect(session, connectSettings(config));
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    return session;
  };
  const { concurrentJobs } = config.limits;
  const settings = {
    size: 1,
    queueLimit: concurrentJobs * CALLS_A_JOB,
    queueTimeoutMs: config.exchange.writeTimeoutSeconds * 1_000,
  };
  return {
    folder,
    pool: new Pool(settings, { open, isSpent: isConnectionGone, random: Math.random, log }),
  };
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

interface Started {
  readonly log: Logger;
  readonly store: JobStore;
  readonly pool: SessionParts;
}

async function assemble(
  config: Config,
  { log, store, pool: { pool } }: Started,
): Promise<{ runner: Runner; app: App; readiness: ReturnType<typeof createReadiness> }> {
  const monotonic = () => performance.now();
  const client = createClient(trelicaSettings(config), { fetch, now: monotonic });
  const workflows = createWorkflows(client, monotonic);
  const runs = createRuns({ client, workflows, log });
  const directory = createDirectory(config.workflows, workflows);
  const limits = {
    readTimeoutMs: config.exchange.readTimeoutSeconds * 1_000,
    writeTimeoutMs: config.exchange.writeTimeoutSeconds * 1_000,
  };
  const handler = createLeaverHandler({
    directory,
    runs,
    exchangeFor: (jobLog, signal) => createExchange(pool, limits, { log: jobLog, signal }),
    now: Date.now,
    log,
  });
  const runner = new Runner({
    store,
    handler,
    concurrency: config.limits.concurrentJobs,
    retry: { maxAttempts: config.limits.attempts },
    now: Date.now,
    random: Math.random,
    log,
  });
  const { trustedProxies } = config.listen;
  const intake = createIntake(store, () => runner.wake(), Date.now);
  const readiness = createReadiness({ store, pool, directory, now: monotonic });
  const app = await buildApp({
    log,
    jobs: store,
    retry: async (id) => {
      const isQueued = await store.retry(id, Date.now());
      runner.wake();
      return isQueued;
    },
    intake,
    workflows: async (nameOrId) => {
      const entry = await directory.find(nameOrId);
      return entry && { workflowId: entry.workflow.id, step: entry.policy.step };
    },
    sweep: createSweep({ policies: config.workflows, workflows, runs, intake, log }),
    readiness,
    tokens: {
      webhook: config.secrets.webhookTokens,
      poll: config.secrets.pollTokens,
      operator: config.secrets.operatorTokens,
    },
    limits: {
      requestsPerMinute: config.limits.requestsPerMinute,
      ...(trustedProxies === undefined ? {} : { trustedProxies }),
    },
  });
  return { runner, app, readiness };
}

function trelicaSettings({ trelica, secrets }: Config) {
  return {
    baseUrl: trelica.baseUrl,
    clientId: trelica.clientId,
    clientSecret: secrets.trelicaClientSecret,
    requestTimeoutMs: trelica.requestTimeoutSeconds * 1_000,
    allowHttpToLoopback: trelica.dangerouslyAllowHttpToLoopback,
  };
}

/** In the reverse order of starting: no new work, no running work, no sessions, no queue. */
async function stopAll(
  parts: Started & { app: App; runner: Runner; config: Config },
): Promise<void> {
  const { app, runner, pool, store, config, log } = parts;
  log.info('service stopping');
  await Promise.all([
    app.close(),
    runner.stop({ graceMs: config.limits.stopGraceSeconds * 1_000 }),
  ]);
  await pool.pool.stop();
  await store.close();
  rmSync(pool.folder, { recursive: true, force: true });
  log.info('service stopped');
}

function once(act: () => Promise<void>): () => Promise<void> {
  let acting: Promise<void> | undefined;
  return () => {
    acting ??= act();
    return acting;
  };
}

function urlOf(app: App): string {
  const { address, port, family } = app.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
