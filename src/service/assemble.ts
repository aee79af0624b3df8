import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { ServiceError } from '../errors.ts';
import { createExchange } from '../exchange/exchange.ts';
import type { AppParts } from '../http/app.ts';
import { Runner } from '../jobs/runner.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Sessions } from '../powershell/sessions.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { OUTAGES } from '../trelica/gate.ts';
import { createSweep } from '../trelica/sweep.ts';
import { SweepTimer } from '../trelica/sweep-timer.ts';
import { createIntake, createLeaverHandler, createUndo } from './leaver-job.ts';
import {
  observeAttempts,
  observeFetch,
  observeRuns,
  observeSessions,
  observeSweep,
} from './observe.ts';
import { createOperating } from './operating.ts';
import { createPlanner } from './planner.ts';
import { createReadiness, type ReadinessParts, type SessionsStatus } from './readiness.ts';
import { traceFetch, traceHandler, traceSessions } from './trace.ts';
import { connectTrelica } from './trelica-connection.ts';
import { createWorkflowFinder } from './workflow-finder.ts';

/** What the service takes from the world around it: the disk, Exchange, the network, time and chance. */
export interface Surroundings {
  readonly store: JobStore;
  readonly sessions: Sessions & SessionsStatus;
  /** Undefined unless the sign-in is by certificate. */
  readonly certificate: ReadinessParts['certificate'];
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** Called after each attempt at a job: something may need a person now. */
  readonly onLeft: () => void;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

export interface Assembly {
  /** Not started. */
  readonly runner: Runner;
  /** Not started. */
  readonly timer: SweepTimer;
  /** What the HTTP front is built of. */
  readonly front: AppParts;
  /** Trelica's, while there is one. */
  readonly outage: () => ServiceError | undefined;
  /** Lets nobody ask Trelica any more, ourselves included. */
  readonly closeTrelica: () => void;
}

/** Below what the HTTP front gives a handler. */
const PLAN_WITHIN_MS = 100_000;

/** Puts the parts together. Starts nothing, asks nobody. */
export function assemble(config: Config, surroundings: Surroundings): Assembly {
  const { store, sessions, certificate, metrics, tracing, clock, random, log } = surroundings;
  const now = () => clock.now();
  const wake = () => runner.wake();
  const trelica = connectTrelica(config, {
    ...surroundings,
    fetch: traceFetch(observeFetch(surroundings.fetch, metrics, clock), tracing),
    onReturn: () => {
      void hasten(surroundings, wake);
      timer.soon();
    },
  });
  const { workflows, people, directory, obstacle, lookAfter, close } = trelica;
  const runs = observeRuns(trelica.runs, metrics);
  const noteAttempt = observeAttempts(metrics, clock);
  const exchangeFor = exchangesOn(
    traceSessions(observeSessions(sessions, metrics, clock), tracing),
    config,
  );
  const { brakes, dataDirectory } = config;
  const handler = createLeaverHandler({
    jobs: store,
    directory,
    runs,
    people,
    exchangeFor,
    brakes,
    clock,
    log,
  });
  const runner = new Runner({
    store,
    handler: traceHandler(handler, tracing),
    concurrency: config.limits.concurrentJobs,
    retry: { maxAttempts: config.limits.attempts },
    clock,
    random,
    log,
    onLeft: (job, end, ms) => {
      noteAttempt(job, end, ms);
      surroundings.onLeft();
    },
  });
  const intake = createIntake(store, wake, now);
  const sweep = observeSweep(
    createSweep({ policies: config.workflows, workflows, runs, intake, log }),
    metrics,
  );
  const timer = new SweepTimer({
    sweep,
    everyMs: config.poll.everyMinutes * 60_000,
    clock,
    random,
  });
  const { trustedProxies } = config.listen;
  const front = {
    log,
    jobs: store,
    ...createOperating({ store, runner, dataDirectory, clock, log }),
    undo: createUndo(store, wake, now),
    plan: createPlanner({
      directory,
      runs,
      people,
      exchangeFor,
      brakes,
      log,
      now,
      withinMs: PLAN_WITHIN_MS,
    }),
    intake,
    workflows: createWorkflowFinder(directory),
    sweep,
    onAnswered: (route: string, status: number) => metrics.answered(route, status),
    readiness: createReadiness({
      store,
      sessions,
      directory,
      certificate,
      outage: obstacle,
      lookAfter,
      now,
    }),
    tokens: {
      webhook: config.secrets.webhookTokens,
      poll: config.secrets.pollTokens,
      operator: config.secrets.operatorTokens,
    },
    limits: {
      requestsPerMinute: config.limits.requestsPerMinute,
      ...(trustedProxies === undefined ? {} : { trustedProxies }),
    },
  };
  return { runner, timer, front, outage: obstacle, closeTrelica: close };
}

/** The jobs that wait for Trelica go on at once. Never rejects: they would go on later by themselves. */
async function hasten({ store, clock, log }: Surroundings, wake: () => void): Promise<void> {
  try {
    const jobs = await store.hasten(OUTAGES, clock.now());
    log.info({ jobs }, 'jobs that waited for trelica go on');
  } catch (error) {
    log.error({ err: error }, 'jobs that wait for trelica cannot be hastened');
  }
  wake();
}

/** An Exchange for each piece of work, all on the same sessions. */
export function exchangesOn(sessions: Sessions, { exchange }: Config) {
  const limits = {
    readTimeoutMs: exchange.readTimeoutSeconds * 1_000,
    writeTimeoutMs: exchange.writeTimeoutSeconds * 1_000,
  };
  return (log: Logger, signal: AbortSignal) => createExchange(sessions, limits, { log, signal });
}
