import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { JOB_STATES, type Job, type JobStore } from '../jobs/store.ts';
import type { Intake } from '../offboarding/ports.ts';
import { readReport, report } from '../offboarding/report.ts';
import { reportText } from '../offboarding/report-text.ts';
import { jobRequest } from '../offboarding/request.ts';
import { accepted, answers } from './answers.ts';
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
    request: jobRequest,
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
  /** Queues a job that takes back what this one did. Throws `jobs.not-found`, `jobs.not-undoable`. */
  readonly undo: (id: string) => ReturnType<Intake['accept']>;
}

/** `/jobs` and what is below it: for whoever is on call, and for the auditor. */
export function registerJobs(app: App, parts: JobParts, guard: Guard): void {
  registerLooking(app, parts, guard);
  registerRetry(app, parts, guard);
  registerUndo(app, parts, guard);
}

function registerLooking(app: App, { jobs }: JobParts, guard: Guard): void {
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
    method: 'GET',
    url: '/jobs/:id/report',
    preParsing: guard,
    schema: {
      operationId: 'getJobReport',
      summary: 'One job as a text to read and to keep',
      tags: ['jobs'],
      security: [{ operatorToken: [] }],
      params: z.strictObject({ id: z.string().max(64) }),
      response: answers(
        200,
        'The report.',
        z.string(),
        [400, 401, 404, 429, 500, 503],
        'text/plain',
      ),
    },
    handler: async ({ params }, reply) => {
      const job = await getJob(jobs, params.id);
      return reply.type('text/plain; charset=utf-8').send(reportText(job, readReport(job.report)));
    },
  });
}

function registerRetry(app: App, { jobs, retry }: JobParts, guard: Guard): void {
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

function registerUndo(app: App, { undo }: JobParts, guard: Guard): void {
  app.route({
    method: 'POST',
    url: '/jobs/:id/undo',
    preParsing: guard,
    schema: {
      operationId: 'undoJob',
      summary: 'Take back what a job has changed',
      description:
        'A job of its own, which brings back what was there before as far as that is possible, and says what is not. It tells the workflow nothing.',
      tags: ['jobs'],
      security: [{ operatorToken: [] }],
      params: z.strictObject({ id: z.string().max(64) }),
      body: z.strictObject({}).nullish(),
      response: answers(
        202,
        'Accepted and stored.',
        accepted,
        [400, 401, 404, 409, 413, 415, 429, 500, 503],
      ),
    },
    handler: async ({ params: { id } }, reply) => {
      const made = await undo(id);
      return reply.status(202).header('location', `/jobs/${made.jobId}`).send(made);
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
    request: jobRequest.parse(job.request),
    ...(runId === undefined ? {} : { runId }),
    ...(person === undefined ? {} : { person }),
    ...(verdict === undefined ? {} : { verdict }),
  };
}
