import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { JOB_STATES, type Job, type JobStore } from '../jobs/store.ts';
import { readReport, report } from '../offboarding/report.ts';
import { leaverRequest } from '../offboarding/request.ts';
import { answers } from './answers.ts';
import type { Guard } from './auth.ts';
import type { App } from './server.ts';

const time = z.iso.datetime();

const jobSummary = z
  .strictObject({
    id: z.string(),
    state: z.enum(JOB_STATES),
    reason: z
      .strictObject({ code: z.string(), message: z.string() })
      .optional()
      .meta({ description: 'Why it waits or ended as it did.' }),
    attempts: z.int().meta({ description: 'How often the work was begun.' }),
    failures: z
      .int()
      .meta({ description: 'How many failed in a way that only a few more may cure.' }),
    outages: z.int().meta({ description: 'How many met an outage; these use up no attempt.' }),
    createdAt: time,
    updatedAt: time,
    startedAt: time.optional(),
    finishedAt: time.optional(),
    dueAt: time.optional().meta({ description: 'When a waiting job is tried again.' }),
    request: leaverRequest,
    runId: report.shape.runId,
    person: report.shape.person,
    verdict: report.shape.verdict,
  })
  .meta({ id: 'JobSummary' });

const jobView = z.strictObject({ ...jobSummary.shape, ...report.shape }).meta({ id: 'Job' });

const query = z.strictObject({
  state: z.enum(JOB_STATES).optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d{0,1}|1\d\d|200)$/, 'a whole number from 1 to 200')
    .optional(),
  before: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'Id of the last job of the page before.' }),
});

export interface JobParts {
  readonly jobs: Pick<JobStore, 'find' | 'list'>;
  /** Queues a job that needs attention again; false if it is in another state. */
  readonly retry: (id: string) => Promise<boolean>;
}

/** `GET /jobs`, `GET /jobs/{id}`, `POST /jobs/{id}/retry`: for whoever is on call, and for the auditor. */
export function registerJobs(app: App, { jobs, retry }: JobParts, guard: Guard): void {
  app.route({
    method: 'GET',
    url: '/jobs',
    preParsing: guard,
    schema: {
      operationId: 'listJobs',
      summary: 'List jobs, newest first',
      tags: ['jobs'],
      security: [{ operatorToken: [] }],
      querystring: query,
      response: answers(
        200,
        'A page of jobs.',
        z.strictObject({ jobs: z.array(jobSummary) }),
        [400, 401, 429, 500, 503],
      ),
    },
    handler: async ({ query: { state, before, limit = '50' } }) => {
      const filter = {
        limit: Number(limit),
        ...(state === undefined ? {} : { state }),
        ...(before === undefined ? {} : { before }),
      };
      return { jobs: (await jobs.list(filter)).map(summaryOf) };
    },
  });
  app.route({
    method: 'GET',
    url: '/jobs/:id',
    preParsing: guard,
    schema: {
      operationId: 'getJob',
      summary: 'One job with its plan, changes, verdict and signal',
      tags: ['jobs'],
      security: [{ operatorToken: [] }],
      params: z.strictObject({ id: z.string().max(64) }),
      response: answers(200, 'The job.', jobView, [400, 401, 404, 429, 500, 503]),
    },
    handler: async ({ params }) => viewOf(await getJob(jobs, params.id)),
  });
  app.route({
    method: 'POST',
    url: '/jobs/:id/retry',
    preParsing: guard,
    schema: {
      operationId: 'retryJob',
      summary: 'Try a job again that needs attention',
      description: 'For when the cause is cleared up. The job reads the state and plans anew.',
      tags: ['jobs'],
      security: [{ operatorToken: [] }],
      params: z.strictObject({ id: z.string().max(64) }),
      body: z.strictObject({}).nullish(),
      response: answers(
        202,
        'The job is queued again.',
        jobView,
        [400, 401, 404, 409, 413, 415, 429, 500, 503],
      ),
    },
    handler: async ({ params: { id } }, reply) => {
      const { state } = await getJob(jobs, id);
      if (!(await retry(id))) {
        throw new ServiceError('jobs.not-retryable', `the job is ${state}`);
      }
      return reply.status(202).send(viewOf(await getJob(jobs, id)));
    },
  });
}

async function getJob(jobs: JobParts['jobs'], id: string): Promise<Job> {
  const job = await jobs.find(id);
  if (job === undefined) {
    throw new ServiceError('jobs.not-found', 'there is no job with this id');
  }
  return job;
}

function viewOf(job: Job): z.infer<typeof jobView> {
  return { ...summaryOf(job), ...readReport(job.report) };
}

function summaryOf(job: Job): z.infer<typeof jobSummary> {
  const { runId, person, verdict } = readReport(job.report);
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    id: job.id,
    state: job.state,
    ...(job.reason === undefined ? {} : { reason: job.reason }),
    attempts: job.attempts,
    failures: job.failures,
    outages: job.outages,
    createdAt: iso(job.createdAt),
    updatedAt: iso(job.updatedAt),
    ...(job.startedAt === undefined ? {} : { startedAt: iso(job.startedAt) }),
    ...(job.finishedAt === undefined ? {} : { finishedAt: iso(job.finishedAt) }),
    ...(job.state === 'waiting' ? { dueAt: iso(job.dueAt) } : {}),
    request: leaverRequest.parse(job.request),
    ...(runId === undefined ? {} : { runId }),
    ...(person === undefined ? {} : { person }),
    ...(verdict === undefined ? {} : { verdict }),
  };
}
