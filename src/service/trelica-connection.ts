import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createDirectory, type Directory } from '../offboarding/directory.ts';
import type { WorkflowPolicy } from '../offboarding/policy.ts';
import type { People } from '../offboarding/ports.ts';
import { createClient } from '../trelica/client.ts';
import { Gate } from '../trelica/gate.ts';
import { guardedClient } from '../trelica/guarded-client.ts';
import { createPace } from '../trelica/pace.ts';
import { createPeople } from '../trelica/people.ts';
import { createRuns, type TrelicaRuns } from '../trelica/runs.ts';
import { createSend } from '../trelica/send.ts';
import { envelopeOf, wireWorkflow } from '../trelica/wire.ts';
import { createWorkflows, type WorkflowCatalogue } from '../trelica/workflows.ts';

export interface TrelicaConnection {
  readonly workflows: WorkflowCatalogue;
  readonly runs: TrelicaRuns;
  /** Undefined where the configuration does not allow to look people up. */
  readonly people: People | undefined;
  readonly directory: Directory<WorkflowPolicy>;
  /** The outage, while there is one. */
  readonly obstacle: () => ServiceError | undefined;
  /** For who asks again and again: an outage shows even if nobody else has anything to ask Trelica. */
  readonly lookAfter: () => void;
  /** Asks no more whether Trelica is back. */
  close(): void;
}

export interface ConnectionParts {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Trelica answers again after an outage. */
  readonly onReturn?: () => void;
}

/** Requests under way at a time: enough for the jobs, and nothing a server would notice. */
const REQUESTS_AT_ONCE = 4;

/** Trelica as the configuration describes it; asks nothing yet. */
export function connectTrelica(config: Config, parts: ConnectionParts): TrelicaConnection {
  const { clock, random, log, onReturn = () => undefined } = parts;
  const { trelica } = config;
  const now = () => clock.now();
  const pace = { atOnce: REQUESTS_AT_ONCE, perSecond: trelica.requestsPerSecond };
  const settings = trelicaSettings(config);
  const send = createSend(parts.fetch, settings.requestTimeoutMs, clock);
  const bare = createClient(settings, { send: createPace(send, pace, clock), now });
  const gate = new Gate({
    probe: async () => {
      await bare.get(bare.endpoints.workflows({ limit: '1' }), envelopeOf(wireWorkflow));
    },
    onOpen: onReturn,
    clock,
    random,
    log,
  });
  const client = guardedClient(bare, gate);
  const workflows = createWorkflows(client, now);
  return {
    workflows,
    runs: createRuns({ client, workflows, log }),
    people: trelica.peopleApi ? createPeople(client) : undefined,
    directory: createDirectory(config.workflows, workflows),
    obstacle: () => gate.obstacle,
    lookAfter: () => gate.lookAfter(),
    close: () => gate.stop(),
  };
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
