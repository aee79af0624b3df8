import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { ServiceError } from '../errors.ts';
import { createExchange } from '../exchange/exchange.ts';
import { buildApp } from '../http/app.ts';
import { startRetention } from '../jobs/retention.ts';
import { Runner } from '../jobs/runner.ts';
import { openSqliteStore } from '../jobs/sqlite.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import { createDirectory } from '../offboarding/directory.ts';
import { findProgram } from '../powershell/program.ts';
import type { Sessions } from '../powershell/sessions.ts';
import { createClient } from '../trelica/client.ts';
import { createRuns } from '../trelica/runs.ts';
import { createSweep } from '../trelica/sweep.ts';
import { createWorkflows } from '../trelica/workflows.ts';
import {
  createExchangeSessions,
  type ExchangeSessions,
  type SessionEnvironment,
} from './exchange-sessions.ts';
import { createIntake, createLeaverHandler, createUndo } from './leaver-job.ts';
import { createOperating } from './operating.ts';
import { createPlanner } from './planner.ts';
import { createReadiness } from './readiness.ts';

export interface Service {
  /** Where it listens, e.g. http://127.0.0.1:8080. */
  readonly url: string;
  /** Takes no more work, lets what runs finish within its grace time, and closes everything. May be called twice. */
  stop(): Promise<void>;
}

/** Below what the HTTP front gives a handler. */
const PLAN_WITHIN_MS = 100_000;

type App = Awaited<ReturnType<typeof buildApp>>;

/**
 * Puts the parts together and starts them. Throws what keeps the service from working at all: a missing
 * shell, an unusable queue, a port in use. Whether Exchange and Trelica answer is readiness, not start.
 */
export async function startService(config: Config, parts: SessionEnvironment): Promise<Service> {
  const { log } = parts;
  findProgram(config.powershell.command[0], parts.environment['PATH'] ?? '');
  const store = openSqliteStore(join(config.dataDirectory, 'jobs.db'));
  const sessions = createExchangeSessions(config, parts);
  const { runner, app, readiness } = await assemble(config, { log, store, sessions });
  const { days } = config.retention;
  const endRetention = startRetention({ store, days, clock: systemClock, log });
  const service = {
    url: '',
    stop: once(() => {
      endRetention();
      return stopAll({ app, runner, sessions, store, config, log });
    }),
  };
  try {
    await listen(app, config.listen);
    sessions.pool.start();
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

async function listen(app: App, { host, port }: Config['listen']): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown fault';
    throw new ServiceError('config.invalid', `listen: cannot listen on ${host}:${port}: ${why}`, {
      cause,
    });
  }
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

interface Started {
  readonly log: Logger;
  readonly store: JobStore;
  readonly sessions: ExchangeSessions;
}

async function assemble(
  config: Config,
  { log, store, sessions: { pool } }: Started,
): Promise<{ runner: Runner; app: App; readiness: ReturnType<typeof createReadiness> }> {
  const { workflows, runs, directory } = connectTrelica(config, log);
  const exchangeFor = exchangesOn(pool, config);
  const handler = createLeaverHandler({
    jobs: store,
    directory,
    runs,
    exchangeFor,
    brakes: config.brakes,
    clock: systemClock,
    log,
  });
  const runner = new Runner({
    store,
    handler,
    concurrency: config.limits.concurrentJobs,
    retry: { maxAttempts: config.limits.attempts },
    clock: systemClock,
    random: Math.random,
    log,
  });
  const { trustedProxies } = config.listen;
  const wake = () => runner.wake();
  const intake = createIntake(store, wake, systemClock.now);
  const readiness = createReadiness({ store, pool, directory, now: systemClock.now });
  const app = await buildApp({
    log,
    jobs: store,
    ...createOperating({
      store,
      runner,
      dataDirectory: config.dataDirectory,
      clock: systemClock,
      log,
    }),
    undo: createUndo(store, wake, systemClock.now),
    plan: createPlanner({
      directory,
      runs,
      exchangeFor,
      brakes: config.brakes,
      log,
      now: systemClock.wall,
      withinMs: PLAN_WITHIN_MS,
    }),
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

/** Trelica as the configuration describes it; asks nothing yet. */
export function connectTrelica(config: Config, log: Logger) {
  const { now } = systemClock;
  const client = createClient(trelicaSettings(config), { fetch, now });
  const workflows = createWorkflows(client, now);
  return {
    workflows,
    runs: createRuns({ client, workflows, log }),
    directory: createDirectory(config.workflows, workflows),
  };
}

/** An Exchange for each piece of work, all on the same sessions. */
export function exchangesOn(pool: Sessions, { exchange }: Config) {
  const limits = {
    readTimeoutMs: exchange.readTimeoutSeconds * 1_000,
    writeTimeoutMs: exchange.writeTimeoutSeconds * 1_000,
  };
  return (log: Logger, signal: AbortSignal) => createExchange(pool, limits, { log, signal });
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
  const { app, runner, sessions, store, config, log } = parts;
  log.info('service stopping');
  await Promise.all([
    app.close(),
    runner.stop({ graceMs: config.limits.stopGraceSeconds * 1_000 }),
  ]);
  await sessions.pool.stop({ graceMs: 0 });
  await store.close();
  rmSync(sessions.folder, { recursive: true, force: true, maxRetries: 3 });
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
