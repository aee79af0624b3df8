import { z } from 'zod';
import { answers } from './answers.ts';
import type { App } from './server.ts';

const partReadiness = z.strictObject({
  name: z.string(),
  ready: z.boolean(),
  reason: z.string().optional().meta({
    description: 'Why it is not ready, or what else a person should know or correct.',
  }),
});
const readiness = z
  .strictObject({ ready: z.boolean(), parts: z.array(partReadiness) })
  .meta({ id: 'Readiness' });

/** Whether one part of the service is ready; a `reason` is for the on-call person and holds no secret. */
export type PartReadiness = Readonly<z.infer<typeof partReadiness>>;

export interface HealthParts {
  readonly readiness: () => Promise<readonly PartReadiness[]>;
}

/** `GET /livez`, `GET /readyz`: without a token, for probes; nothing secret in the answers. */
export function registerHealth(app: App, parts: HealthParts): void {
  app.route({
    method: 'GET',
    url: '/livez',
    // A probe that is refused for others' requests would end a healthy process.
    config: { rateLimit: false },
    schema: {
      operationId: 'livez',
      summary: 'The process lives',
      tags: ['health'],
      security: [],
      response: answers(200, 'It does.', z.strictObject({ alive: z.literal(true) }), [500, 503]),
    },
    handler: async () => ({ alive: true as const }),
  });
  app.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      operationId: 'readyz',
      summary: 'A leaver could be got done now',
      tags: ['health'],
      security: [],
      response: {
        ...answers(200, 'Every part is ready.', readiness, [429, 500]),
        503: readiness.describe('Some part is not; it says why.'),
      },
    },
    handler: async (_request, reply) => {
      const found = await parts.readiness();
      const ready = found.every((part) => part.ready);
      return reply.status(ready ? 200 : 503).send({ ready, parts: [...found] });
    },
  });
}
