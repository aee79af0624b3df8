import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import type { Job, JobStore } from '../../src/jobs/store.ts';
import { jobRequest, keyOf, type LeaverRequest } from '../../src/offboarding/request.ts';
import { createIntake } from '../../src/service/leaver-job.ts';

/** More of them, for a longer look: ONE_JOB_RUNS=100000; others: ONE_JOB_SEED=7. */
const RUNS = Number(process.env['ONE_JOB_RUNS'] ?? 10_000);
const SEED = Number(process.env['ONE_JOB_SEED'] ?? 1);
/** So many steps are under way at once, and so share the flushes of the queue. */
const STEPS_AT_ONCE = 250;
const WORKERS = 250;

const folder = mkdtempSync(join(tmpdir(), 'one-job-'));
const store: JobStore = openSqliteStore(join(folder, 'jobs.db'));
after(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});
const intake = createIntake(
  store,
  () => undefined,
  () => 1,
);

/** All the ways in which one waiting step is told of: two sweeps, a webhook, and two that know less. */
function tellings(runId: string): readonly LeaverRequest[] {
  const workflowId = `w${runId}`;
  const email = emailOf(runId);
  const swept = { workflowId, runId, email, step: 'Signal', source: 'poll' } as const;
  return [
    swept,
    swept,
    { workflowId, runId, step: 'Signal', source: 'webhook' },
    { workflowId, email, step: 'Signal', source: 'webhook' },
    { workflowId, runId, source: 'webhook' },
  ];
}

function emailOf(runId: string): string {
  return `${runId}@example.org`;
}

/** Something that takes its steps one by one, with others in between. */
type Actor = AsyncGenerator<undefined, void>;

async function* tell(request: LeaverRequest): Actor {
  await intake.accept(request);
  yield;
}

/** Jobs that a worker has in hand. */
let inHand = 0;

/** Works as the service does, as far as keys go; `ours` gets the jobs that do a run's work. */
async function* work(ours: Map<string, Set<string>>): Actor {
  for (;;) {
    const job = await store.claim(1);
    if (job === undefined) {
      yield;
    } else {
      inHand += 1;
      yield;
      const { key, lock, runId } = whole(job);
      const { kind } = await store.adopt(job.id, { key, lock }, 1);
      yield;
      const reason = { code: kind, message: kind };
      if (kind === 'adopted') {
        ours.set(runId, (ours.get(runId) ?? new Set()).add(job.id));
        await store.finish(job.id, { state: 'done' }, 1);
      } else if (kind === 'key-taken') {
        await store.finish(job.id, { state: 'superseded', reason }, 1);
      } else {
        await store.postpone(job.id, { dueAt: 1, reason, countsAs: 'nothing' }, 1);
      }
      inHand -= 1;
      yield;
    }
  }
}

/** What a job knows once it has found its run. */
function whole(job: Job) {
  const request = jobRequest.parse(job.request);
  assert.ok(request.source !== 'undo');
  const runId = request.workflowId.slice(1);
  return { runId, key: keyOf({ ...request, runId, step: 'Signal' }), lock: emailOf(runId) };
}

/** Lets some of the actors, in some order, take their next step at the same time; gives those that are not done. */
async function takeTurns(actors: readonly Actor[], random: () => number): Promise<Actor[]> {
  const dice = actors.map((actor) => ({ actor, dice: random() }));
  const [moving, resting] = [
    dice.filter((one) => one.dice < 0.5).toSorted((a, b) => a.dice - b.dice),
    dice.filter((one) => one.dice >= 0.5),
  ];
  const moved = await Promise.all(
    moving.map(async ({ actor }) => ((await actor.next()).done ? [] : [actor])),
  );
  return [...resting.map(({ actor }) => actor), ...moved.flat()];
}

test(`two sweeps and three webhooks, interleaved in ${RUNS} ways, are one job for one waiting step`, async () => {
  const random = seeded(SEED);
  for (let first = 0; first < RUNS; first += STEPS_AT_ONCE) {
    const runIds = Array.from({ length: STEPS_AT_ONCE }, (_, index) => `r${first + index}`);
    const ours = new Map<string, Set<string>>();
    const workers = Array.from({ length: WORKERS }, () => work(ours));
    let tellers: Actor[] = runIds.flatMap(tellings).map(tell);
    for (let isOpen = true; isOpen; ) {
      const [left] = await Promise.all([takeTurns(tellers, random), takeTurns(workers, random)]);
      tellers = left;
      isOpen = tellers.length > 0 || inHand > 0 || (await store.nextDueAt()) !== undefined;
    }
    for (const runId of runIds) {
      const jobs = ours.get(runId)?.size;
      assert.equal(jobs, 1, `${jobs} jobs for ${runId}: ONE_JOB_SEED=${SEED} repeats it`);
    }
  }
});

/** Mulberry32: small, and the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
