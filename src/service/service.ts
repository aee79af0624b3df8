import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pause, systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { ServiceError } from '../errors.ts';
import { buildApp } from '../http/app.ts';
import { startRetention } from '../jobs/retention.ts';
import { openSqliteStore } from '../jobs/sqlite.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import { createScrapeListener, type ScrapeListener } from '../metrics/listener.ts';
import { createMetrics } from '../metrics/metrics.ts';
import type { NoticeDesk } from '../notices/desk.ts';
import { findProgram } from '../powershell/program.ts';
import { startTracing } from '../telemetry/start-tracing.ts';
import { NO_TRACING, type Tracing } from '../telemetry/tracing.ts';
import { type Assembly, assemble } from './assemble.ts';
import {
  createExchangeSessions,
  type ExchangeSessions,
  type SessionEnvironment,
} from './exchange-sessions.ts';
import { aboutCertificate, createNotices } from './notices.ts';
import { lookAround } from './present.ts';
import type { SessionsStatus } from './readiness.ts';

export interface Service {
  /** Where it listens, e.g. http://127.0.0.1:8080. */
  readonly url: string;
  /** Where the metrics are; undefined if they are off. */
  readonly metricsUrl: string | undefined;
  /** Takes no more work, lets what runs finish within its grace time, and closes everything. May be called twice. */
  stop(): Promise<void>;
}

type App = Awaited<ReturnType<typeof buildApp>>;

/**
 * Puts the parts together and starts them. Throws what keeps the service from working at all: a missing
 * shell, an unusable queue, a port in use. Whether Exchange and Trelica answer is readiness, not start.
 */
export async function startService(config: Config, parts: SessionEnvironment): Promise<Service> {
  const { log } = parts;
  findProgram(config.powershell.command[0], parts.environment['PATH'] ?? '');
  const store = openSqliteStore(join(config.dataDirectory, 'jobs.db'));
  const metrics = createMetrics(() => lookAround({ store, sessions, outage, clock: systemClock }));
  const notices = createNotices(config, { store, metrics, fetch, clock: systemClock, log });
  const sessions = createExchangeSessions(config, {
    ...parts,
    onCertificateNews: (news) => notices.note(aboutCertificate(news, systemClock.wall())),
  });
  const tracing = await tracingFor(config, log);
  const assembly = assemble(config, {
    store,
    sessions: sessions.pool,
    certificate: sessions.certificate,
    metrics,
    tracing,
    onLeft: () => notices.wake(),
    fetch,
    clock: systemClock,
    random: Math.random,
    log,
  });
  const { runner, timer, front, outage } = assembly;
  const app = await buildApp(front);
  const scrapes = createScrapeListener(metrics, log);
  const { days } = config.retention;
  const endRetention = startRetention({ store, days, clock: systemClock, log });
  const stopping = new AbortController();
  const stop = once(() => {
    stopping.abort();
    endRetention();
    return stopAll({ ...assembly, app, scrapes, tracing, notices, sessions, store, config, log });
  });
  try {
    await listen(app, config.listen);
    const metricsUrl = config.metrics.listen && (await scrapes.listen(config.metrics.listen));
    sessions.certificate?.start();
    sessions.pool.start();
    await runner.start(firstSession(sessions.pool, stopping.signal));
    notices.start();
    timer.start();
    void reportObstacles(front.readiness, log);
    const url = urlOf(app);
    const workflows = config.workflows.map(({ workflow }) => workflow);
    log.info({ url, metricsUrl, workflows }, 'service started');
    return { url, metricsUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function tracingFor({ telemetry }: Config, log: Logger): Promise<Tracing> {
  const endpoint = telemetry.otlpEndpoint;
  return endpoint === undefined ? NO_TRACING : startTracing({ endpoint, clock: systemClock, log });
}

async function listen(app: App, { host, port }: Config['listen']): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown fault';
    throw new ServiceError('config.invalid', `listen: cannot listen on ${host}:${port}: ${why}`, {
      cause,
      facts: { cure: 'stop what listens there, or choose another listen.port' },
    });
  }
}

/** Jobs begin with a session, or without one if it lets wait: they then tell why. */
const FIRST_SESSION_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 20;

/** Resolves when a session can be had, after a while, or when the service stops. Never rejects. */
async function firstSession(pool: SessionsStatus, stopping: AbortSignal): Promise<void> {
  const end = systemClock.now() + FIRST_SESSION_WITHIN_MS;
  while (pool.status.obstacle !== undefined && systemClock.now() < end && !stopping.aborted) {
    await pause(systemClock, LOOK_AGAIN_MS, stopping).catch(() => undefined);
  }
}

/** A wrong name or secret should be in the log before the first leaver meets it. Never rejects. */
async function reportObstacles(
  readiness: Assembly['front']['readiness'],
  log: Logger,
): Promise<void> {
  for (const { name, ready, reason } of await readiness()) {
    if (reason !== undefined && name !== 'exchange') {
      const advice = 'what to do is told by exo-bridge check';
      log[ready ? 'warn' : 'error'](
        { part: name, reason, advice },
        ready ? 'to be looked at' : 'not ready',
      );
    }
  }
}

interface Started {
  readonly log: Logger;
  readonly store: JobStore;
  readonly sessions: ExchangeSessions;
}

/** In the reverse order of starting: no new work, no running work, no sessions, no queue. */
async function stopAll(
  parts: Started &
    Assembly & {
      app: App;
      scrapes: ScrapeListener;
      tracing: Tracing;
      notices: NoticeDesk;
      config: Config;
    },
): Promise<void> {
  const { app, scrapes, tracing, runner, timer, closeTrelica, notices } = parts;
  const { sessions, store, config, log } = parts;
  log.info('service stopping');
  await Promise.all([
    app.close(),
    runner.stop({ graceMs: config.limits.stopGraceSeconds * 1_000 }),
  ]);
  closeTrelica();
  await timer.stop();
  await notices.stop();
  await sessions.certificate?.stop();
  await sessions.pool.stop({ graceMs: 0 });
  await tracing.stop();
  await scrapes.close();
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
