import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Operator } from '../../src/cli/operator.ts';
import {
  type Installation,
  installFor,
  type Rehearsal,
  STAND_IN,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import { Seeded } from '../../src/sandbox/tenant/seeded.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, Program } from './program.ts';

/** The soak kills 200 times. */
const KILLS = Number(process.env['CRASH_KILLS'] ?? '12');
const SEED = Number(process.env['CRASH_SEED'] ?? '1');
/** Enough work for a kill every few calls. */
const LEAVERS = 36 + 3 * KILLS;
const CLIENTS = 8;
/** Runs of one client that are under way at once: webhooks keep coming until the last kill. */
const WINDOW = 2;
/** A moment to kill comes after at most so many calls of cmdlets. */
const MOST_CALLS = 40;
const LONG_MS = 120_000 + KILLS * 5_000;

interface Ids {
  readonly workflowId: string;
  readonly runId: string;
}

let folder: string;
let rehearsal: Rehearsal;
let installation: Installation;
let operator: Operator;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kills-'));
  const people = LEAVERS + 40;
  const engine = STAND_IN;
  rehearsal = await startRehearsal({ people, groups: 20, latency: 3, seed: SEED, engine });
  const port = await freePort();
  installation = installFor(rehearsal, folder, port);
  const token = installation.secrets['EXO_BRIDGE_OPERATOR_TOKEN'] ?? '';
  operator = new Operator(`http://127.0.0.1:${port}`, token);
});
after(async () => {
  await Program.killAll();
  await rehearsal.close();
  rmSync(folder, { recursive: true });
});

/** Asks until it is accepted, as a person would press the button again; gives the job's id. */
function submit(run: Ids): Promise<string> {
  const token = installation.secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '';
  return eventually(
    'the webhook is accepted',
    async () => {
      const answer = await operator.post('/webhooks/trelica', run, token).catch(() => undefined);
      return answer?.['jobId'] as string | undefined;
    },
    LONG_MS,
  );
}

function isSignalled({ runId }: Ids): boolean {
  return rehearsal.trelica.runs().find(({ id }) => id === runId)?.status === 'Completed';
}

/** Lets people leave one after the other, a few at once; one webhook in twenty comes twice. */
async function beClient(
  leavers: readonly string[],
  isTwice: (email: string) => boolean,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const jobs = new Map<string, readonly string[]>();
  const open: Ids[] = [];
  for (const email of leavers) {
    await eventually('an earlier one is done', () => open.length < WINDOW || drop(open), LONG_MS);
    const run = await rehearsal.trelica.startRun(email);
    open.push(run);
    const sent = isTwice(email) ? [submit(run), submit(run)] : [submit(run)];
    jobs.set(run.runId, await Promise.all(sent));
  }
  return jobs;
}

/** Takes the signalled ones out; true if there were any. */
function drop(open: Ids[]): boolean {
  const left = open.filter((run) => !isSignalled(run));
  return open.splice(0, open.length, ...left).length > left.length;
}

interface ShownJob {
  readonly id: string;
  readonly state: string;
  readonly runId?: string;
  readonly person?: { readonly email: string };
}

/** All jobs, page after page. */
async function allJobs(): Promise<readonly ShownJob[]> {
  const found: ShownJob[] = [];
  for (;;) {
    const last = found.at(-1);
    const before = last === undefined ? '' : `&before=${last.id}`;
    const { jobs } = (await operator.get(`/jobs?limit=200${before}`)) as { jobs: ShownJob[] };
    if (jobs.length === 0) {
      return found;
    }
    found.push(...jobs);
  }
}

/**
 * A job that was at work three times in a row when the process died is set aside for a person, who may be
 * right here: it was not the job.
 */
async function retryPoisoned(): Promise<void> {
  const { jobs } = (await operator.get('/jobs?state=needs-attention&limit=200')) as {
    jobs: (ShownJob & { reason?: { code: string } })[];
  };
  for (const { id, reason } of jobs) {
    if (reason?.code === 'jobs.poisoned') {
      await operator.post(`/jobs/${id}/retry`, {});
    }
  }
}

test(`what was accepted is done, once each, however often the process is killed: ${KILLS} times`, {
  timeout: LONG_MS * 2,
}, async (t) => {
  t.diagnostic(
    `to repeat: CRASH_SEED=${SEED} CRASH_KILLS=${KILLS} node --test test/e2e/kills.test.ts`,
  );
  const { tenant, trelica } = rehearsal;
  const seeded = new Seeded(SEED);
  const mailboxes = tenant.people
    .map(({ email }) => email)
    .filter(
      (email) =>
        tenant
          .state(email)
          .map(({ type }) => type)
          .join() === 'UserMailbox',
    )
    .slice(0, LEAVERS);
  // Some leave twice: their runs meet, and must not be worked on at once.
  const leavers = [...mailboxes, ...mailboxes.filter((_, index) => index % 10 === 0)];
  let program = new Program(installation);
  await program.started();
  const clients = Array.from({ length: CLIENTS }, (_, client) =>
    beClient(
      leavers.filter((_email, index) => index % CLIENTS === client),
      (email) => seeded.chance(`twice:${email}`, 20),
    ),
  );
  let clientsLeft = CLIENTS;
  for (const client of clients) {
    void client.then(() => {
      clientsLeft -= 1;
    });
  }
  let kills = 0;
  for (; kills < KILLS && clientsLeft > 0; kills += 1) {
    // A random moment, told by the work itself: so many calls from now.
    const until = tenant.calls().total + seeded.number(`kill:${kills}`, MOST_CALLS);
    await eventually(
      'the moment to kill',
      () => tenant.calls().total >= until || clientsLeft === 0,
      LONG_MS,
    );
    await program.end('SIGKILL');
    program = new Program(installation);
    await program.started();
    await retryPoisoned();
  }
  assert.equal(kills, KILLS, 'there was too little work for all the kills');
  const accepted = new Map((await Promise.all(clients)).flatMap((jobs) => [...jobs]));
  await eventually(
    'every signal is fired',
    () => trelica.runs().every(({ status }) => status === 'Completed'),
    LONG_MS,
  );
  const unfinished = async () => (await allJobs()).filter(({ state }) => state !== 'done');
  await eventually(
    'every job is done',
    async () => (await unfinished()).length === 0,
    60_000,
  ).catch(async (error: unknown) => assert.deepEqual(await unfinished(), [], String(error)));
  await assertNothingLost(accepted);
  assertNothingTwice(leavers);
  await assertOneAtATime();
  assert.equal(await program.end('SIGTERM'), 0, program.output);
});

/** Every acknowledged job is there, each run has one, and there is no other. */
async function assertNothingLost(accepted: ReadonlyMap<string, readonly string[]>): Promise<void> {
  const jobs = await allJobs();
  for (const [runId, ids] of accepted) {
    assert.equal(new Set(ids).size, 1, `run ${runId} has become several jobs`);
    assert.equal(jobs.find(({ id }) => id === ids[0])?.runId, runId);
  }
  assert.equal(jobs.length, rehearsal.trelica.runs().length);
  assert.equal(jobs.length, accepted.size);
}

function assertNothingTwice(leavers: readonly string[]): void {
  for (const email of leavers) {
    assert.equal(rehearsal.tenant.state(email)[0]?.type, 'SharedMailbox', email);
  }
  for (const { person, firings } of rehearsal.trelica.runs()) {
    const effective = firings.filter(({ outcome }) => outcome === 'fired');
    assert.equal(effective.length, 1, `${person.email}: ${JSON.stringify(firings)}`);
  }
}

/** The last attempts of two jobs for one person, which did their work, did not overlap. */
async function assertOneAtATime(): Promise<void> {
  const byPerson = Map.groupBy(await allJobs(), ({ person }) => person?.email);
  for (const [email, jobs] of byPerson) {
    const attempts = jobs.length < 2 ? [] : await Promise.all(jobs.map(lastAttempt));
    const inOrder = attempts.toSorted((a, b) => a.from - b.from);
    for (const [index, { from }] of inOrder.entries()) {
      const before = inOrder[index - 1];
      assert.ok(before === undefined || before.until <= from, `two jobs at once for ${email}`);
    }
  }
}

async function lastAttempt({ id }: ShownJob): Promise<{ from: number; until: number }> {
  const { history } = (await operator.get(`/jobs/${id}`)) as {
    history: { event: string; at: string }[];
  };
  const at = (event: string) =>
    Date.parse(history.findLast((one) => one.event === event)?.at ?? '');
  return { from: at('begun'), until: at('done') };
}
