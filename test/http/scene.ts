import { pino } from 'pino';
import { ServiceError } from '../../src/errors.ts';
import { buildApp } from '../../src/http/app.ts';
import type { App } from '../../src/http/server.ts';
import type { Found } from '../../src/http/webhook.ts';
import type { Job, Pause } from '../../src/jobs/store.ts';
import type { Preview, PreviewRequest } from '../../src/offboarding/preview.ts';
import type { LeaverRequest } from '../../src/offboarding/request.ts';

export const TOKENS = {
  webhook: ['webhook-canary-now', 'webhook-canary-before'],
  poll: ['poll-canary-token'],
  operator: ['operator-canary-token'],
};
export const WORKFLOW = { id: '60aa10bb20cc30dd40ee50ff', name: 'Person leaves' };

export const PLAN: Preview = {
  person: { email: 'lee@example.org', name: 'Lee' },
  stopped: false,
  changes: [],
  findings: [],
  skipped: [],
  seen: ['leave-groups: nothing'],
  exchangeCalls: 3,
};

export interface Scene {
  readonly app: App;
  readonly accepted: LeaverRequest[];
  readonly logged: string[];
  readonly jobs: Job[];
  readonly planned: PreviewRequest[];
  /** Replaced by a test to break a part. */
  workflows: (nameOrId: string, step?: string) => Promise<Found | undefined>;
  ready: { name: string; ready: boolean; reason?: string }[];
  sweeps: number;
  pause: Pause | undefined;
}

/** The HTTP front with small parts behind it that keep what they are given. */
export async function openScene(requestsPerMinute = 10_000): Promise<Scene> {
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) });
  const accepted: LeaverRequest[] = [];
  const jobs: Job[] = [];
  const planned: PreviewRequest[] = [];
  const parts = {
    accepted,
    logged,
    jobs,
    planned,
    workflows: async (nameOrId: string, step?: string) =>
      [WORKFLOW.id, WORKFLOW.name].includes(nameOrId) && [undefined, 'Signal'].includes(step)
        ? { workflowId: WORKFLOW.id, steps: ['Signal'] }
        : undefined,
    ready: [{ name: 'queue', ready: true }] as Scene['ready'],
    sweeps: 0,
    pause: undefined as Pause | undefined,
  };
  const app = await buildApp({
    log,
    tokens: TOKENS,
    limits: { requestsPerMinute },
    intake: {
      async accept(request) {
        const duplicate = accepted.some((one) => one.runId === request.runId);
        accepted.push(request);
        return { jobId: 'job-1', status: 'queued', duplicate };
      },
    },
    workflows: (...wanted) => parts.workflows(...wanted),
    sweep: async () => {
      parts.sweeps += 1;
      return { workflows: [{ workflow: WORKFLOW.name, waiting: 2, accepted: 1, known: 1 }] };
    },
    jobs: {
      find: async (id) => jobs.find((job) => job.id === id),
      list: async ({ limit, state, lock }) =>
        jobs
          .filter((job) => state === undefined || job.state === state)
          .filter((job) => lock === undefined || job.lock === lock)
          .slice(0, limit),
      history: async () => [
        { event: 'accepted', at: 1_000, times: 1, lastAt: 1_000, facts: {} },
        {
          event: 'waiting',
          at: 1_500,
          times: 672,
          lastAt: 1_900,
          facts: { code: 'exchange.throttled', message: 'slow down', dueAt: 2_000 },
        },
      ],
    },
    undo: async (id) => {
      if (!jobs.some((job) => job.id === id)) {
        throw new ServiceError('jobs.not-found', 'there is no job with this id');
      }
      return { jobId: 'undo-1', status: 'queued', duplicate: false };
    },
    plan: async (request) => {
      planned.push(request);
      return PLAN;
    },
    retry: async (id) => jobs.some((job) => job.id === id && job.state === 'needs-attention'),
    approve: async (id) => jobs.some((job) => job.id === id && job.state === 'held'),
    cancel: async (id) => {
      const job = jobs.find((one) => one.id === id);
      if (job === undefined) {
        return { kind: 'unknown' };
      }
      return job.state === 'done'
        ? { kind: 'ended', state: job.state }
        : { kind: job.state === 'running' ? 'asked' : 'cancelled' };
    },
    paused: async () => parts.pause,
    pause: async (reason) => {
      parts.pause = { since: 5_000, reason };
    },
    resume: async () => {
      parts.pause = undefined;
    },
    backup: async () => ({ file: '/data/backups/jobs.db', bytes: 4_096 }),
    readiness: async () => parts.ready,
  });
  return Object.assign(parts, { app });
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
