import type { Job } from '../../src/jobs/store.ts';
import { stateOf } from '../../src/sandbox/tenant/state.ts';
import { Host } from './host.ts';
import { isWaiting } from './ledger.ts';
import { isWorthRetrying, NO_MAILBOX, People } from './people.ts';
import type { Premises } from './premises.ts';
import { DAY, MINUTE } from './weather.ts';
import { WILD_MS, World } from './world.ts';

export interface Told {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** What happened, line by line. */
  readonly story: readonly string[];
}

/** After things stopped going wrong everything must be finished within this time. */
const FINISHED_WITHIN_MS = 3 * DAY;
const LOOK_EVERY_MS = 10 * MINUTE;

/**
 * One life of the service under everything that chance brings: first some wild hours, in which nothing
 * false may happen, then calm ones, in which everything must be finished.
 */
export async function simulate(seed: number, premises: Premises): Promise<Told> {
  const world = new World(seed, premises);
  const host = new Host(world, seed, premises);
  const people = new People(world, host);
  const { clock, ledger, weather } = world;
  void host.start();
  people.begin();
  await clock.pass(WILD_MS);
  ledger.tell('calm');
  weather.calm();
  const deadline = clock.now() + FINISHED_WITHIN_MS;
  let unfinished = await unfinishedIn(world, host);
  while (unfinished.length > 0 && clock.now() < deadline && ledger.violations.length === 0) {
    void people.sweep();
    void people.tidyUp();
    await clock.pass(LOOK_EVERY_MS);
    unfinished = await unfinishedIn(world, host);
  }
  unfinished.forEach((what) => {
    ledger.violated(`never finished: ${what}`);
  });
  checkRecords(world, (await host.life?.jobs()) ?? [], premises);
  host.close();
  await world.stillness.reached();
  const { violations, counts, story } = ledger;
  return { seed, violations, counts, story };
}

const ENDS = ['done', 'superseded', 'needs-attention', 'cancelled'];

async function unfinishedIn(world: World, host: Host): Promise<readonly string[]> {
  const jobs = await host.life?.jobs();
  if (jobs === undefined) {
    return ['the process is down'];
  }
  const runs = world.runs().filter((run) => isWaiting(run) && run.person.email !== NO_MAILBOX);
  return [
    ...runs.map(({ id }) => `run ${id} waits`),
    ...jobs
      .filter((job) => !ENDS.includes(job.state) || isWorthRetrying(shown(job), world))
      .map(({ id, state, reason }) => `job ${id} is ${state} (${reason?.code})`),
  ];
}

function shown({ id, state, request, report, reason }: Job) {
  return { id, state, request, reason, runId: report?.['runId'] as string | undefined };
}

/** What the service says it did, beside what was done. */
function checkRecords(
  { ledger, tenant, trelica }: World,
  jobs: readonly Job[],
  { people }: Premises,
): void {
  for (const id of ledger.acknowledged.keys()) {
    if (!jobs.some((job) => job.id === id)) {
      ledger.violated(`job ${id} was acknowledged and is lost`);
    }
  }
  for (const run of trelica.runs.values()) {
    const about = jobs.filter(({ report }) => report?.['runId'] === run.id);
    const doing = about.filter(({ state }) => state === 'done');
    const fired = ledger.firedAt(run.id);
    const isCancelled = about.some(({ state }) => state === 'cancelled');
    if (fired?.by === 'service' && doing.length !== 1 && !isCancelled) {
      ledger.violated(`we fired for run ${run.id}, but ${doing.length} jobs say that they did it`);
    }
    if (fired === undefined && doing.length > 0) {
      ledger.violated(`nobody fired for run ${run.id}, but a job says that it did`);
    }
  }
  for (const { email } of people) {
    const of = jobs.filter(({ lock, request }) => lock === email && request['source'] !== 'undo');
    const [state] = stateOf(tenant.truth, email);
    const cancellations = state?.mailbox?.cancellationRuns ?? 0;
    const wipes = Math.max(0, ...(state?.mailbox?.devices ?? []).map((one) => one.accountWipes));
    if (cancellations > of.length || wipes > of.length) {
      const times = `${cancellations} cancellations, ${wipes} wipes, ${of.length} jobs`;
      ledger.violated(`what happens once happened twice to ${email}: ${times}`);
    }
    ledger.count('cancellations', cancellations);
    ledger.count('wipes', wipes);
  }
  for (const job of jobs) {
    ledger.count(job.state);
    ledger.tell(
      `job ${job.id} is ${job.state} (${job.reason?.code}): ${JSON.stringify(job.report?.['signal'])}`,
    );
    const runId = job.request['runId'];
    if (typeof runId === 'string' && !trelica.runs.has(runId)) {
      ledger.violated(`job ${job.id} is about a run that never was`);
    }
  }
}

/** What a seed found, with the command that repeats it. */
export function complaint({ seed, violations }: Told): string {
  const repeat = `SIMULATION_SEED=${seed} node --test test/simulation/simulation.test.ts`;
  return [`seed ${seed}; to repeat: ${repeat}`, ...violations].join('\n  ');
}
