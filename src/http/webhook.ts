import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { addressSetting } from '../offboarding/address.ts';
import type { Intake } from '../offboarding/ports.ts';
import { type LeaverRequest, trelicaId } from '../offboarding/request.ts';
import { accepted, answers } from './answers.ts';
import type { Guard } from './auth.ts';
import type { App } from './server.ts';

export interface Found {
  readonly workflowId: string;
  /** At least one. */
  readonly steps: readonly string[];
}

export interface WebhookParts {
  readonly intake: Intake;
  /**
   * The configured workflow that a name or id means, and its configured steps, or of these only the one with
   * the given title; undefined if there is none. Throws `trelica.*`.
   */
  readonly workflows: (nameOrId: string, step?: string) => Promise<Found | undefined>;
}

/** `{{person.email}}`, `${runId}`, `<runId>`: a merge field that was not filled in. */
const PLACEHOLDER = /\{\{|\}\}|\$\{|^<[^>]*>$|^\[\[/;
const filled = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .refine((text) => !PLACEHOLDER.test(text), 'looks like a merge field that was not filled in');

const step = filled.optional().meta({
  description:
    'Title of the step, where several of the workflow are configured; without it the run tells which one waits.',
});

export const byRun = z.strictObject({
  step,
  workflowId: trelicaId.meta({ description: 'Id of the workflow in Trelica.' }),
  runId: trelicaId.meta({ description: 'Id of the run.' }),
});
export const byPerson = z.strictObject({
  step,
  workflow: filled.meta({ description: 'Name (or id) of the workflow in Trelica.' }),
  email: filled
    .pipe(addressSetting)
    .meta({ description: 'E-mail address of the person who leaves.' }),
});

/** A merge field that had nothing to fill in counts as left out. */
function withoutBlanks(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    return sent;
  }
  const isBlank = (value: unknown) =>
    value === null || (typeof value === 'string' && value.trim() === '');
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => !isBlank(value)));
}

const body = z
  .preprocess(
    withoutBlanks,
    z.union([byRun, byPerson], {
      error:
        'must be exactly { workflowId, runId } or exactly { workflow, email }, each with or without step, all texts',
    }),
  )
  .meta({
    examples: [
      { workflowId: '60aa10bb20cc30dd40ee50ff', runId: '61bb10bb20cc30dd40ee5100' },
      { workflow: 'Person leaves', email: 'lee@example.org' },
    ],
  });

/** `POST /webhooks/trelica`: checked, stored, answered; the work comes afterwards. */
export function registerWebhook(app: App, parts: WebhookParts, guard: Guard): void {
  app.route({
    method: 'POST',
    url: '/webhooks/trelica',
    preParsing: guard,
    schema: {
      operationId: 'acceptLeaver',
      summary: 'Ask for the Exchange work of one leaver',
      description:
        'Called by the workflow’s API request step. The answer comes once the job is on disk; the same run again is answered with the same job.',
      tags: ['work'],
      security: [{ webhookToken: [] }],
      body,
      response: answers(
        202,
        'Accepted and stored.',
        accepted,
        [400, 401, 413, 415, 422, 429, 500, 503],
      ),
    },
    handler: async (request, reply) => {
      const made = await parts.intake.accept(await requestOf(request.body, parts));
      return reply.status(202).header('location', `/jobs/${made.jobId}`).send(made);
    },
  });
}

async function requestOf(sent: z.output<typeof body>, parts: WebhookParts): Promise<LeaverRequest> {
  const {
    workflowId,
    steps: [step, ...others],
  } = await findWorkflow(sent, parts);
  const subject = 'runId' in sent ? { runId: sent.runId } : { email: sent.email };
  const at = step === undefined || others.length > 0 ? {} : { step };
  return { workflowId, ...subject, ...at, source: 'webhook' };
}

type Wanted = { readonly step?: string | undefined } & (
  | { readonly workflowId: string }
  | { readonly workflow: string }
);

/** Throws `http.unknown-workflow` for one that is not configured, or not with this step. */
export async function findWorkflow(
  wanted: Wanted,
  { workflows }: Pick<WebhookParts, 'workflows'>,
): Promise<Found> {
  const nameOrId = 'workflowId' in wanted ? wanted.workflowId : wanted.workflow;
  const found = await workflows(nameOrId, wanted.step);
  if (found === undefined) {
    throw new ServiceError(
      'http.unknown-workflow',
      'no workflow of the configuration has this name or id, or none with this step',
    );
  }
  return found;
}
