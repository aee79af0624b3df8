import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { getJob } from '../jobs/get-job.ts';
import type { Cancellation } from '../jobs/store.ts';
import { answers } from './answers.ts';
import type { Guard } from './auth.ts';
import { type JobParts, jobView, viewOf } from './jobs.ts';
import type { App } from './server.ts';

export interface VerbParts {
  /** Queues a job again that needs attention or was cancelled; false if it is in another state. */
  readonly retry: (id: string) => Promise<boolean>;
  /** Queues a held job; false if it is in another state. */
  readonly approve: (id: string) => Promise<boolean>;
  readonly cancel: (id: string) => Promise<Cancellation>;
}

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly answer: string;
  /** Throws if the job's state forbids it. */
  readonly act: (id: string) => Promise<void>;
}

/** `POST /jobs/{id}/retry`, `approve`, `cancel`: each answers with the job as it is then. */
export function registerVerbs(app: App, parts: VerbParts & JobParts, guard: Guard): void {
  for (const verb of verbsOf(parts)) {
    registerVerb(app, verb, parts, guard);
  }
}

function verbsOf({ jobs, retry, approve, cancel }: VerbParts & JobParts): readonly Verb[] {
  return [
    {
      name: 'retry',
      summary: 'Try a job again that needs attention or was cancelled',
      description: 'For when the cause is cleared up. The job reads the state and plans anew.',
      answer: 'The job is queued again.',
      async act(id) {
        const { state } = await getJob(jobs, id);
        if (!(await retry(id))) {
          throw new ServiceError('jobs.not-retryable', `the job is ${state}`);
        }
      },
    },
    {
      name: 'approve',
      summary: 'Let a held job pass the brakes',
      description: 'It counts against the limits as any other.',
      answer: 'The job is queued.',
      async act(id) {
        const { state } = await getJob(jobs, id);
        if (!(await approve(id))) {
          throw new ServiceError('jobs.not-held', `the job is ${state}`);
        }
      },
    },
    {
      name: 'cancel',
      summary: 'End a job',
      description:
        'At once, unless it runs: then it makes no further change, reads what it has changed, and ends. The workflow is told nothing, and nothing is taken back.',
      answer: 'The job is cancelled, or will be.',
      async act(id) {
        const answer = await cancel(id);
        if (answer.kind === 'unknown') {
          await getJob(jobs, id);
        }
        if (answer.kind === 'ended') {
          throw new ServiceError('jobs.not-cancellable', `the job is ${answer.state}`);
        }
      },
    },
  ];
}

function registerVerb(app: App, verb: Verb, { jobs }: JobParts, guard: Guard): void {
  app.route({
    method: 'POST',
    url: `/jobs/:id/${verb.name}`,
    preParsing: guard,
    schema: {
      operationId: `${verb.name}Job`,
      summary: verb.summary,
      description: verb.description,
      tags: ['jobs'],
      security: [{ operatorToken: [] }],
      params: z.strictObject({ id: z.string().max(64) }),
      body: z.strictObject({}).nullish(),
      response: answers(202, verb.answer, jobView, [400, 401, 404, 409, 413, 415, 429, 500, 503]),
    },
    handler: async ({ params: { id } }, reply) => {
      await verb.act(id);
      return reply.status(202).send(await viewOf(jobs, await getJob(jobs, id)));
    },
  });
}
