import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { type Preview, type PreviewRequest, preview } from '../offboarding/preview.ts';
import { answers } from './answers.ts';
import type { Guard } from './auth.ts';
import type { App } from './server.ts';
import { byPerson, byRun, findWorkflow, type WebhookParts } from './webhook.ts';

const body = z.union(
  [
    byRun,
    z.strictObject({
      ...byPerson.shape,
      manager: byPerson.shape.email
        .optional()
        .meta({ description: 'Line manager, where no waiting run of the person names one.' }),
    }),
  ],
  {
    error:
      'must be exactly { workflowId, runId } or { workflow, email } with or without manager, all texts',
  },
);

export interface PlanParts extends Pick<WebhookParts, 'workflows'> {
  /** Bounded in time and number: throws `http.unavailable` where too many are being made. */
  readonly plan: (request: PreviewRequest) => Promise<Preview>;
}

/** `POST /plans`: what would be done for somebody, and nothing of it done. */
export function registerPlans(app: App, parts: PlanParts, guard: Guard): void {
  app.route({
    method: 'POST',
    url: '/plans',
    preParsing: guard,
    schema: {
      operationId: 'makePlan',
      summary: 'See what would be done for a leaver',
      description:
        'Connects and reads; changes nothing and signals nothing. Gives the exact changes in their order with cmdlet and parameters, the findings, and what would be left alone and why. Slow scans are not part of it.',
      tags: ['work'],
      security: [{ operatorToken: [] }],
      body,
      response: answers(
        200,
        'The plan.',
        preview.meta({ id: 'Plan' }),
        [400, 401, 404, 413, 415, 422, 429, 500, 503],
      ),
    },
    handler: async ({ body: sent }) => {
      const { workflowId, steps } = await findWorkflow(sent, parts);
      return parts.plan({ workflowId, step: onlyOf(steps), about: aboutOf(sent) });
    },
  });
}

function onlyOf([step, ...others]: readonly string[]): string {
  if (step === undefined || others.length > 0) {
    throw new ServiceError(
      'http.unknown-workflow',
      'several steps of this workflow are configured: the plan must name one',
    );
  }
  return step;
}

function aboutOf(sent: z.output<typeof body>): PreviewRequest['about'] {
  if ('runId' in sent) {
    return { runId: sent.runId };
  }
  const managerEmail = sent.manager;
  return { email: sent.email, ...(managerEmail === undefined ? {} : { managerEmail }) };
}
