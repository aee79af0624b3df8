import { z } from 'zod';
import type { Backup, Pause } from '../jobs/store.ts';
import { answers } from './answers.ts';
import type { Guard } from './auth.ts';
import type { App } from './server.ts';

const pauseState = z
  .strictObject({
    paused: z.boolean(),
    since: z.iso.datetime().optional(),
    reason: z.string().optional(),
  })
  .meta({ id: 'Pause' });

export interface OperatingParts {
  readonly paused: () => Promise<Pause | undefined>;
  readonly pause: (reason: string | undefined) => Promise<void>;
  readonly resume: () => Promise<void>;
  /** Throws `jobs.backup-failed`. */
  readonly backup: () => Promise<Backup>;
}

/** `/pause`, `/resume`, `/backup`: what an operator asks of the service as a whole. */
export function registerOperating(app: App, parts: OperatingParts, guard: Guard): void {
  registerPause(app, parts, guard);
  registerBackup(app, parts, guard);
}

function registerPause(app: App, parts: OperatingParts, guard: Guard): void {
  const common = { tags: ['operating'], security: [{ operatorToken: [] }] };
  const state = async () => stateOf(await parts.paused());
  app.route({
    method: 'GET',
    url: '/pause',
    preParsing: guard,
    schema: {
      ...common,
      operationId: 'getPause',
      summary: 'Whether the service is paused',
      response: answers(200, 'It is, or it is not.', pauseState, [401, 429, 500, 503]),
    },
    handler: state,
  });
  app.route({
    method: 'POST',
    url: '/pause',
    preParsing: guard,
    schema: {
      ...common,
      operationId: 'pause',
      summary: 'Begin no more work until resumed',
      description:
        'Work is still accepted, and jobs that run come to the end of their attempt. Stays so over a restart.',
      body: z.strictObject({ reason: z.string().trim().min(1).max(500).optional() }).nullish(),
      response: answers(200, 'It is paused.', pauseState, [400, 401, 413, 415, 429, 500, 503]),
    },
    handler: async ({ body }) => {
      await parts.pause(body?.reason);
      return state();
    },
  });
  app.route({
    method: 'POST',
    url: '/resume',
    preParsing: guard,
    schema: {
      ...common,
      operationId: 'resume',
      summary: 'Begin work again',
      body: z.strictObject({}).nullish(),
      response: answers(200, 'It works.', pauseState, [400, 401, 413, 415, 429, 500, 503]),
    },
    handler: async () => {
      await parts.resume();
      return state();
    },
  });
}

function stateOf(pause: Pause | undefined): z.infer<typeof pauseState> {
  return pause === undefined
    ? { paused: false }
    : {
        paused: true,
        since: new Date(pause.since).toISOString(),
        ...(pause.reason === undefined ? {} : { reason: pause.reason }),
      };
}

function registerBackup(app: App, { backup }: OperatingParts, guard: Guard): void {
  app.route({
    method: 'POST',
    url: '/backup',
    preParsing: guard,
    schema: {
      operationId: 'backup',
      summary: 'Write a copy of the queue beside it',
      description:
        'Consistent, while work goes on; opened and checked before it gets its name. Nothing is sent anywhere.',
      tags: ['operating'],
      security: [{ operatorToken: [] }],
      body: z.strictObject({}).nullish(),
      response: answers(
        200,
        'The copy is there.',
        z.strictObject({ file: z.string(), bytes: z.int() }).meta({ id: 'Backup' }),
        [400, 401, 413, 415, 429, 500, 503],
      ),
    },
    handler: async () => ({ ...(await backup()) }),
  });
}
