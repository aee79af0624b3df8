import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { createExchange } from '../exchange/exchange.ts';
import type { AppParts } from '../http/app.ts';
import { Runner } from '../jobs/runner.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import { createDirectory } from '../offboarding/directory.ts';
import type { Sessions } from '../powershell/sessions.ts';
import { createClient } from '../trelica/client.ts';
import { createRuns } from '../trelica/runs.ts';
import { createSweep } from '../trelica/sweep.ts';
import { createWorkflows } from '../trelica/workflows.ts';
import { createIntake, createLeaverHandler, createUndo } from './leaver-job.ts';
import { createPlanner } from './planner.ts';
import { createReadiness, type SessionsStatus } from './readiness.ts';

/** What the service takes from the world around it: the disk, Exchange, the network, time and chance. */
export interface Surroundings {
  readonly store: JobStore;
  readonly sessions: Sessions & SessionsStatus;
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
  const { store, sessions, clock, random, log } = surroundings;
  const { workflows, runs, directory } = connectTrelica(config, surroundings);
  const exchangeFor = exchangesOn(sessions, config);
  const handler = createLeaverHandler({ jobs: store, directory, runs, exchangeFor, clock, log });
  const runner = new Runner({
    store,
    handler,
    concurrency: config.limits.concurrentJobs,
    retry: { maxAttempts: config.limits.attempts },
    clock,
    random,
    log,
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
    plan: createPlanner({ directory, runs, exchangeFor, log, withinMs: PLAN_WITHIN_MS }),
    intake,
    workflows: async (nameOrId: string) => {
      const entry = await directory.find(nameOrId);
      return entry && { workflowId: entry.workflow.id, step: entry.policy.step };
    },
    sweep: createSweep({ policies: config.workflows, workflows, runs, intake, log }),
    readiness: createReadiness({ store, sessions, directory, now }),
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

function trelicaSettings({ trelica, secrets }: Config) {
  return {
    baseUrl: trelica.baseUrl,
    clientId: trelica.clientId,
    clientSecret: secrets.trelicaClientSecret,
    requestTimeoutMs: trelica.requestTimeoutSeconds * 1_000,
    allowHttpToLoopback: trelica.dangerouslyAllowHttpToLoopback,
  };
}
