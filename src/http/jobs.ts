import { z } from 'zod';
import { getJob } from '../jobs/get-job.ts';
import { JOB_STATES } from '../jobs/states.ts';
import type { Job, JobEvent, JobStore } from '../jobs/store.ts';
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
    cancelAsked: z
      .literal(true)
      .optional()
      .meta({ description: 'It ends as soon as its attempt comes to a safe point.' }),
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

const jobEvent = z.strictObject({
  at: time,
  event: z.string().meta({ description: 'What happened; mostly the state that was entered.' }),
  code: z.string().optional(),
  message: z.string().optional(),
  attempt: z.int().optional(),
  until: time.optional().meta({ description: 'When a waiting job is tried again.' }),
  by: z.string().optional().meta({ description: 'Where it was asked for.' }),
  times: z
    .int()
    .optional()
    .meta({ description: 'How often it happened in a row, if more than once.' }),
  lastAt: time.optional(),
});

export const jobView = z
  .strictObject({
    ...jobSummary.shape,
    ...report.shape,
    history: z.array(jobEvent).meta({ description: 'What happened to the job, oldest first.' }),
  })
  .meta({ id: 'Job' });

const query = z.strictObject({
  state: z.enum(JOB_STATES).optional(),
  person: z
    .string()
    .max(320)
    .toLowerCase()
    .optional()
    .meta({ description: 'E-mail address of the person it is about.' }),
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
  readonly jobs: Pick<JobStore, 'find' | 'list' | 'history'>;
  /** Queues a job that takes back what this one did. Throws `jobs.not-found`, `jobs.not-undoable`. */
  readonly undo: (id: string) => ReturnType<Intake['accept']>;
}

/** `/jobs` and what is below it: for whoever is on call, and for the auditor. */
export function registerJobs(app: App, parts: JobParts, guard: Guard): void {
  registerLooking(app, parts, guard);
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
    handler: async ({ query: { state, person, before, limit = '50' } }) => {
      const filter = {
        limit: Number(limit),
        ...(state === undefined ? {} : { state }),
        ...(person === undefined ? {} : { lock: person }),
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
    handler: async ({ params }) => viewOf(jobs, await getJob(jobs, params.id)),
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
      const told = { ...job, history: (await jobs.history(job.id)).map(eventOf) };
      return reply.type('text/plain; charset=utf-8').send(reportText(told, readReport(job.report)));
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

export async function viewOf(jobs: JobParts['jobs'], job: Job): Promise<z.infer<typeof jobView>> {
  const history = (await jobs.history(job.id)).map(eventOf);
  return { ...summaryOf(job), ...readReport(job.report), history };
}

function eventOf({ event, at, times, lastAt, facts }: JobEvent): z.infer<typeof jobEvent> {
  const { dueAt, ...rest } = facts;
  return {
    at: iso(at),
    event,
    ...rest,
    ...(dueAt === undefined ? {} : { until: iso(dueAt) }),
    ...(times === 1 ? {} : { times, lastAt: iso(lastAt) }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function summaryOf(job: Job): z.infer<typeof jobSummary> {
  const { runId, person, verdict } = readReport(job.report);
  return {
    id: job.id,
    state: job.state,
    ...(job.reason === undefined ? {} : { reason: job.reason }),
    attempts: job.attempts,
    failures: job.failures,
    outages: job.outages,
    ...(job.isCancelAsked ? { cancelAsked: true as const } : {}),
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
