import { z } from 'zod';
import type { SweepReport } from '../offboarding/ports.ts';
import { answers } from './answers.ts';
import type { Guard } from './auth.ts';
import type { App } from './server.ts';

const sweepReport = z.strictObject({
  workflows: z.array(
    z.strictObject({
      workflow: z.string().meta({ description: 'As the configuration names it.' }),
      waiting: z.int().meta({ description: 'Runs that wait at our step.' }),
      accepted: z.int().meta({ description: 'Of these, new to us.' }),
      known: z.int().meta({ description: 'Of these, known to us.' }),
      error: z
        .strictObject({ code: z.string(), message: z.string() })
        .optional()
        .meta({ description: 'Why the counts may be too low.' }),
    }),
  ),
});

export interface PollParts {
  /** One sweep of all workflows; two at once are one. Never rejects. */
  readonly sweep: () => Promise<SweepReport>;
}

/** `POST /poll`: finds what a lost webhook missed. */
export function registerPoll(app: App, parts: PollParts, guard: Guard): void {
  app.route({
    method: 'POST',
    url: '/poll',
    preParsing: guard,
    schema: {
      operationId: 'poll',
      summary: 'Look for runs that wait at our step',
      description: 'For an external scheduler. Stores the runs that are not jobs yet.',
      tags: ['work'],
      security: [{ pollToken: [] }, { operatorToken: [] }],
      body: z.strictObject({}).nullish(),
      response: answers(
        200,
        'What was found, workflow by workflow.',
        sweepReport,
        [400, 401, 413, 415, 429, 500, 503],
      ),
    },
    handler: async () => ({ workflows: [...(await parts.sweep()).workflows] }),
  });
}
