import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import Database from 'better-sqlite3';
import type { ShownJob } from '../../src/cli/demo-story.ts';
import { Operator } from '../../src/cli/operator.ts';
import { MIGRATIONS } from '../../src/jobs/migrations.ts';
import { keyOf } from '../../src/offboarding/request.ts';
import {
  type Installation,
  installFor,
  type Rehearsal,
  STAND_IN,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, Program } from './program.ts';

/**
 * An upgrade of the first released schema: its tables as that program made them, a job in every state it
 * knew, each with the columns that program wrote. The program of today has to bring all to their right end.
 */
const FIRST_SCHEMA = MIGRATIONS.slice(0, 1);
const STEP = 'Exchange Online';
const HOUR_MS = 3_600_000;

let folder: string;
let rehearsal: Rehearsal;
let installation: Installation;
let operator: Operator;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'upgrade-'));
  rehearsal = await startRehearsal({
    people: 40,
    groups: 20,
    latency: 0,
    seed: 1,
    engine: STAND_IN,
  });
  const port = await freePort();
  installation = installFor(rehearsal, folder, port);
  const token = installation.secrets['EXO_BRIDGE_OPERATOR_TOKEN'] ?? '';
  operator = new Operator(`http://127.0.0.1:${port}`, token);
});
after(async () => {
  await rehearsal.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => Program.killAll());

interface OldJob {
  readonly id: string;
  readonly state: string;
  readonly runId: string;
  readonly email: string;
  /** Only the person was named: the job has a key of its own until its run is found. */
  readonly isByPerson?: true;
  readonly reason?: readonly [string, string];
  readonly dueAt?: number;
  readonly report?: object;
}

const LEARNT = { changes: [], findings: [], skipped: [], exchangeCalls: 4 };

test('a job in every state of the first schema comes to its right end after the upgrade', async () => {
  const now = Date.now();
  const [queued, running, waiting, byPerson, later, done, superseded, attention] =
    await startRuns(8);
  for (const { runId } of [done, superseded]) {
    completeStep(runId);
  }
  const jobs: readonly OldJob[] = [
    { id: 'queued', state: 'queued', ...queued },
    { id: 'running', state: 'running', ...running, report: { ...LEARNT, runId: running.runId } },
    { id: 'waiting', state: 'waiting', ...waiting, reason: ['trelica.unreachable', 'no way'] },
    {
      id: 'by-person',
      state: 'waiting',
      ...byPerson,
      isByPerson: true,
      reason: ['trelica.step-not-reached', 'not yet'],
    },
    {
      id: 'later',
      state: 'waiting',
      ...later,
      reason: ['exchange.throttled', 'slower'],
      dueAt: now + HOUR_MS,
    },
    { id: 'done', state: 'done', ...done, report: { ...LEARNT, verdict: 'continue' } },
    { id: 'superseded', state: 'superseded', ...superseded, reason: ['step-left', 'somebody'] },
    {
      id: 'attention',
      state: 'needs-attention',
      ...attention,
      reason: ['exchange.access-denied', 'no role'],
      report: LEARNT,
    },
  ];
  makeFirstDatabase(jobs, now);

  const program = new Program(installation);
  await program.started();
  for (const id of ['queued', 'running', 'waiting']) {
    await endsAs(id, 'done');
  }
  // Its run may be found by a sweep first: then another job has it.
  await endsAs('by-person', 'done', 'superseded');
  await eventually('its run is done', () => firedFor(jobs.slice(3, 4))[0] === 1);
  assert.equal((await show('later')).state, 'waiting');
  for (const { id, state, reason } of jobs.slice(5)) {
    const kept = await show(id);
    assert.deepEqual([kept.state, kept.reason?.code], [state, reason?.[0]]);
  }
  assert.equal((await show('done')).exchangeCalls, LEARNT.exchangeCalls);

  assert.deepEqual(firedFor(jobs.slice(0, 4)), [1, 1, 1, 1]);
  assert.deepEqual(firedFor(jobs.slice(4)), [0, 1, 1, 0]);

  await operator.post('/jobs/attention/retry', {});
  await endsAs('attention', 'done');
  const { workflow } = rehearsal.trelica;
  const webhook = { workflowId: workflow.id, runId: done.runId };
  const token = installation.secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '';
  const again = await operator.post('/webhooks/trelica', webhook, token);
  assert.deepEqual([again['jobId'], again['duplicate']], ['done', true]);

  assert.equal(await program.end('SIGTERM'), 0, program.output);
  const database = new Database(queueFile(), { readonly: true });
  assert.equal(database.pragma('user_version', { simple: true }), MIGRATIONS.length);
  assert.equal(database.pragma('integrity_check', { simple: true }), 'ok');
  database.close();
});

/** Runs that wait at our step, each for another person with a mailbox. */
async function startRuns<const N extends number>(count: N) {
  const { tenant, trelica } = rehearsal;
  const leavers = tenant.people
    .map(({ email }) => email)
    .filter((email) => {
      const found = tenant.state(email);
      return found.length === 1 && found[0]?.type === 'UserMailbox';
    })
    .slice(0, count);
  const runs = await Promise.all(
    leavers.map(async (email) => ({ email, runId: (await trelica.startRun(email)).runId })),
  );
  await eventually('every run waits at the step', () =>
    trelica.runs().every(({ status }) => status === 'Waiting'),
  );
  return runs as unknown as Tuple<(typeof runs)[number], N>;
}

type Tuple<T, N extends number, A extends readonly T[] = []> = A['length'] extends N
  ? A
  : Tuple<T, N, readonly [...A, T]>;

const queueFile = () => join(folder, 'data', 'jobs.db');

function makeFirstDatabase(jobs: readonly OldJob[], now: number): void {
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  const database = new Database(queueFile());
  database.pragma('journal_mode = WAL');
  for (const migration of FIRST_SCHEMA) {
    database.exec(migration);
  }
  database.pragma(`user_version = ${FIRST_SCHEMA.length}`);
  database.pragma(`application_id = ${0x65786f62}`);
  const insert = database.prepare(
    `INSERT INTO jobs (id, key, provisional, lock, state, attempts, request, report, reasonCode,
       reasonText, dueAt, createdAt, updatedAt, startedAt, finishedAt)
     VALUES (@id, @key, @provisional, @lock, @state, @attempts, @request, @report, @reasonCode,
       @reasonText, @dueAt, @createdAt, @updatedAt, @startedAt, @finishedAt)`,
  );
  for (const job of jobs) {
    insert.run(rowOf(job, now));
  }
  database.close();
}

function rowOf(job: OldJob, now: number) {
  const { workflow } = rehearsal.trelica;
  const subject = job.isByPerson ? { email: job.email } : { runId: job.runId };
  const request = { workflowId: workflow.id, ...subject, step: STEP, source: 'webhook' } as const;
  const hasBegun = job.state !== 'queued';
  const hasEnded = ['done', 'superseded', 'needs-attention'].includes(job.state);
  return {
    id: job.id,
    key: keyOf(request),
    provisional: job.isByPerson ? 1 : 0,
    lock: hasBegun ? job.email : null,
    state: job.state,
    attempts: hasBegun ? 1 : 0,
    request: JSON.stringify(request),
    report: job.report === undefined ? null : JSON.stringify(job.report),
    reasonCode: job.reason?.[0] ?? null,
    reasonText: job.reason?.[1] ?? null,
    dueAt: job.dueAt ?? now - 1_000,
    createdAt: now - 60_000,
    updatedAt: now - 30_000,
    startedAt: hasBegun ? now - 50_000 : null,
    finishedAt: hasEnded ? now - 30_000 : null,
  };
}

async function show(id: string): Promise<ShownJob> {
  return (await operator.get(`/jobs/${id}`)) as unknown as ShownJob;
}

async function endsAs(id: string, ...states: readonly string[]): Promise<void> {
  const what = `job ${id} is ${states.join(' or ')}`;
  await eventually(what, async () => states.includes((await show(id)).state), 60_000);
}

const runOf = (runId: string) => rehearsal.trelica.runs().find(({ id }) => id === runId);

/** As the service did before the upgrade, or a person. */
function completeStep(runId: string): void {
  const step = runOf(runId)?.steps.find(({ status }) => status === 'Waiting');
  runOf(runId)?.fire(step?.id ?? '', 'Continue');
}

/** How often the step of each job's run was completed. */
function firedFor(jobs: readonly OldJob[]): readonly number[] {
  return jobs.map(
    ({ runId }) => runOf(runId)?.firings.filter(({ outcome }) => outcome === 'fired').length ?? 0,
  );
}
