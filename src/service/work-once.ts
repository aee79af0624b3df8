import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pause, systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { forgetOldJobs } from '../jobs/retention.ts';
import { openSqliteStore } from '../jobs/sqlite.ts';
import type { Job, JobStore } from '../jobs/store.ts';
import { createMetrics } from '../metrics/metrics.ts';
import type { SweepReport } from '../offboarding/ports.ts';
import { findProgram } from '../powershell/program.ts';
import { NO_TRACING } from '../telemetry/tracing.ts';
import { assemble } from './assemble.ts';
import { createExchangeSessions, type SessionEnvironment } from './exchange-sessions.ts';
import { aboutCertificate, createNotices } from './notices.ts';
import { lookAround } from './present.ts';

/** What one round left behind. */
export interface Round {
  readonly swept: SweepReport;
  /** The jobs that are not done: those a person must see to, and those that wait for later. */
  readonly open: readonly Job[];
}

export interface RoundLimits {
  /** Jobs that fall due later than this are left for the next round. */
  readonly waitMs: number;
  /** The round ends by then, whatever is left. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

const LOOK_AGAIN_MS = 200;
const SHOWN = 200;

/**
 * The service without its front, for one round: sweeps, works what is waiting to its end, and stops. Throws
 * what keeps the service from starting; `jobs.store-unusable` also where a service runs on the same queue.
 */
export async function workOnce(
  config: Config,
  parts: SessionEnvironment,
  limits: RoundLimits,
): Promise<Round> {
  const { log, environment } = parts;
  findProgram(config.powershell.command[0], environment['PATH'] ?? '');
  const store = openSqliteStore(join(config.dataDirectory, 'jobs.db'));
  const clock = systemClock;
  const metrics = createMetrics(() => lookAround({ store, sessions, outage, clock }));
  const notices = createNotices(config, { store, metrics, fetch, clock, log });
  const sessions = createExchangeSessions(config, {
    ...parts,
    onCertificateNews: (news) => notices.note(aboutCertificate(news, clock.wall())),
  });
  const { pool, certificate, folder } = sessions;
  const { runner, front, outage, closeTrelica } = assemble(config, {
    store,
    sessions: pool,
    certificate,
    metrics,
    tracing: NO_TRACING,
    onLeft: () => notices.wake(),
    fetch,
    clock,
    random: Math.random,
    log,
  });
  try {
    pool.start();
    await runner.start();
    notices.start();
    await certificate?.look();
    const swept = await front.sweep();
    await untilIdle(store, limits);
    await forgetOldJobs({ store, days: config.retention.days, clock });
    await notices.look();
    return { swept, open: await openJobs(store) };
  } finally {
    await runner.stop({ graceMs: config.limits.stopGraceSeconds * 1_000 });
    closeTrelica();
    await notices.stop();
    await certificate?.stop();
    await pool.stop({ graceMs: 0 });
    await store.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function untilIdle(
  store: JobStore,
  { waitMs, withinMs, signal }: RoundLimits,
): Promise<void> {
  const end = systemClock.now() + withinMs;
  while (systemClock.now() < end && !signal.aborted) {
    const { running } = await store.count();
    const dueAt = await store.nextDueAt();
    if (running === 0 && (dueAt === undefined || dueAt > systemClock.now() + waitMs)) {
      return;
    }
    await pause(systemClock, LOOK_AGAIN_MS, signal).catch(() => undefined);
  }
}

async function openJobs(store: JobStore): Promise<readonly Job[]> {
  const states = ['needs-attention', 'held', 'waiting', 'queued', 'running'] as const;
  const lists = await Promise.all(states.map((state) => store.list({ state, limit: SHOWN })));
  return lists.flat();
}
