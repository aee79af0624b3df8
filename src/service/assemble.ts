import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { createExchange } from '../exchange/exchange.ts';
import type { AppParts } from '../http/app.ts';
import { Runner } from '../jobs/runner.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { createDirectory } from '../offboarding/directory.ts';
import type { Sessions } from '../powershell/sessions.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { createClient } from '../trelica/client.ts';
import { createRuns } from '../trelica/runs.ts';
import { createSweep } from '../trelica/sweep.ts';
import { createWorkflows } from '../trelica/workflows.ts';
import { createIntake, createLeaverHandler, createUndo } from './leaver-job.ts';
import {
  observeAttempts,
  observeFetch,
  observeRuns,
  observeSessions,
  observeSweep,
} from './observe.ts';
import { createPlanner } from './planner.ts';
import { createReadiness, type ReadinessParts, type SessionsStatus } from './readiness.ts';
import { traceFetch, traceHandler, traceSessions } from './trace.ts';

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
  /** What the HTTP front is built of. */
  readonly front: AppParts;
}

/** Below what the HTTP front gives a handler. */
const PLAN_WITHIN_MS = 100_000;

/** Puts the parts together. Starts nothing, asks nobody. */
export function assemble(config: Config, surroundings: Surroundings): Assembly {
  const { store, sessions, certificate, metrics, tracing, clock, random, log } = surroundings;
  const fetch = traceFetch(observeFetch(surroundings.fetch, metrics, clock), tracing);
  const trelica = connectTrelica(config, { fetch, clock, log });
  const { workflows, directory } = trelica;
  const runs = observeRuns(trelica.runs, metrics);
  const noteAttempt = observeAttempts(metrics, clock);
  const exchangeFor = exchangesOn(
    traceSessions(observeSessions(sessions, metrics, clock), tracing),
    config,
  );
  const handler = createLeaverHandler({ jobs: store, directory, runs, exchangeFor, clock, log });
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
  const { trustedProxies } = config.listen;
  const wake = () => runner.wake();
  const now = () => clock.now();
  const intake = createIntake(store, wake, now);
  const front = {
    log,
    jobs: store,
    retry: async (id: string) => {
      const isQueued = await store.retry(id, now());
      wake();
      return isQueued;
    },
    undo: createUndo(store, wake, now),
    plan: createPlanner({ directory, runs, exchangeFor, log, now, withinMs: PLAN_WITHIN_MS }),
    intake,
    workflows: async (nameOrId: string) => {
      const entry = await directory.find(nameOrId);
      return entry && { workflowId: entry.workflow.id, step: entry.policy.step };
    },
    sweep: observeSweep(
      createSweep({ policies: config.workflows, workflows, runs, intake, log }),
      metrics,
    ),
    onAnswered: (route: string, status: number) => metrics.answered(route, status),
    readiness: createReadiness({ store, sessions, directory, certificate, now }),
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
  return { runner, front };
}

/** Trelica as the configuration describes it; asks nothing yet. */
export function connectTrelica(
  config: Config,
  { fetch, clock, log }: Pick<Surroundings, 'fetch' | 'clock' | 'log'>,
) {
  const now = () => clock.now();
  const client = createClient(trelicaSettings(config), { fetch, now });
  const workflows = createWorkflows(client, now);
  return {
    workflows,
    runs: createRuns({ client, workflows, log }),
    directory: createDirectory(config.workflows, workflows),
  };
}

/** An Exchange for each piece of work, all on the same sessions. */
export function exchangesOn(sessions: Sessions, { exchange }: Config) {
  const limits = {
    readTimeoutMs: exchange.readTimeoutSeconds * 1_000,
    writeTimeoutMs: exchange.writeTimeoutSeconds * 1_000,
  };
  return (log: Logger, signal: AbortSignal) => createExchange(sessions, limits, { log, signal });
}

/** How Trelica is reached. */
export function trelicaSettings({ trelica, secrets }: Config) {
  return {
    baseUrl: trelica.baseUrl,
    clientId: trelica.clientId,
    clientSecret: secrets.trelicaClientSecret,
    requestTimeoutMs: trelica.requestTimeoutSeconds * 1_000,
    allowHttpToLoopback: trelica.dangerouslyAllowHttpToLoopback,
  };
}
