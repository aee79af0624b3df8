import type { CertificateStatus } from '../certificate/keeper.ts';
import type { Clock } from '../clock.ts';
import type { ServiceError } from '../errors.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Present } from '../metrics/metrics.ts';
import type { PoolStatus } from '../powershell/pool-parts.ts';

export interface PresentParts {
  readonly store: Pick<JobStore, 'count' | 'nextDueAt' | 'paused'>;
  readonly sessions: {
    readonly pool: { readonly status: PoolStatus };
    readonly certificate: { readonly status: CertificateStatus } | undefined;
  };
  /** Trelica's, while there is one. */
  readonly outage: () => ServiceError | undefined;
  readonly clock: Clock;
}

/** What the metrics show of the moment. */
export async function lookAround(parts: PresentParts): Promise<Present> {
  const { store, sessions, outage, clock } = parts;
  const [jobs, pause, nextDueAt] = await Promise.all([
    store.count(),
    store.paused(),
    store.nextDueAt(),
  ]);
  const { status } = sessions.pool;
  return {
    jobs,
    isPaused: pause !== undefined,
    queueLagMs: Math.max(0, clock.now() - (nextDueAt ?? Number.POSITIVE_INFINITY)),
    sessions: { idle: 0, busy: 0, ...status.sessions },
    sessionsWaiting: status.waiting,
    sessionsAllowed: status.allowed,
    isBreakerOpen: status.breaker === 'open',
    sessionEvents: status.counters,
    isTrelicaShut: outage() !== undefined,
    certificateDaysLeft: sessions.certificate?.status.daysLeft,
  };
}
