import type { Clock } from '../../src/clock.ts';
import type { Job } from '../../src/jobs/store.ts';
import type { CommandRequest } from '../../src/powershell/frames.ts';
import { type State, stateOf } from '../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../src/sandbox/tenant/tenant.ts';
import type { Run } from '../../src/sandbox/trelica/run.ts';

/** A job at work, and since when. */
interface Claim {
  readonly job: Job;
  readonly at: number;
  /** The person the job has for itself. */
  lock: string | undefined;
}

export interface Fired {
  readonly by: 'service' | 'person';
  readonly action: string;
  readonly at: number;
}

/**
 * Watches the far ends and says what must never be seen there. Knows what is true from the tenant's and
 * Trelica's own data and from what crossed the lines, and asks no code of the service.
 */
export class Ledger {
  readonly violations: string[] = [];
  /** What happened, for whoever repeats a seed. */
  readonly story: string[] = [];
  /** Jobs the service has said it has, by id. */
  readonly acknowledged = new Map<string, { readonly runId: string | undefined }>();
  readonly #clock: Clock;
  readonly #tenant: Tenant;
  readonly #runs: () => readonly Run[];
  /** Running jobs of the process that lives. */
  readonly #claims = new Map<string, Claim>();
  readonly #fired = new Map<string, Fired>();
  readonly #leftAt = new Map<string, number>();
  readonly #jobOfRun = new Map<string, string>();
  /** By person: whose attempt changed something last, and whose did before. */
  readonly #atWork = new Map<string, { now: object; readonly before: Set<object> }>();
  /** On whom an attempt works: it reads their mailbox first. */
  readonly #workedOn = new WeakMap<object, string>();
  readonly #mostAnHour: number;
  /** Jobs that may change something, and since when. */
  readonly #passed = new Map<string, number>();
  readonly #approved = new Set<string>();
  #isPaused = false;
  readonly counts: Record<string, number> = {};

  constructor(clock: Clock, tenant: Tenant, runs: () => readonly Run[], mostAnHour: number) {
    this.#clock = clock;
    this.#tenant = tenant;
    this.#runs = runs;
    this.#mostAnHour = mostAnHour;
  }

  tell(what: string): void {
    this.story.push(`${new Date(this.#clock.now()).toISOString()} ${what}`);
  }

  count(what: string, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  violated(what: string): void {
    this.tell(`VIOLATED: ${what}`);
    this.violations.push(what);
  }

  firedAt(runId: string): Fired | undefined {
    return this.#fired.get(runId);
  }

  /** The service said 202. */
  acknowledges(jobId: string, runId: string | undefined): void {
    this.acknowledged.set(jobId, { runId });
    const known = runId === undefined ? undefined : this.#jobOfRun.get(runId);
    if (runId !== undefined && known !== undefined && known !== jobId) {
      this.violated(`run ${runId} has become two jobs: ${known} and ${jobId}`);
    }
    if (runId !== undefined) {
      this.#jobOfRun.set(runId, jobId);
    }
  }

  /** The service said that it begins no more work, until somebody is about to ask it to. */
  paused(): void {
    this.#isPaused = true;
  }

  resumed(): void {
    this.#isPaused = false;
  }

  /** Somebody is about to let this job pass the brakes. */
  approved(jobId: string): void {
    this.#approved.add(jobId);
  }

  /** The brakes let only so many leavers be begun within an hour, unless somebody approved. */
  passed(jobId: string): void {
    if (this.#passed.has(jobId)) {
      return;
    }
    const now = this.#clock.now();
    const lately = [...this.#passed.values()].filter((at) => now - at < 3_600_000).length;
    if (lately >= this.#mostAnHour && !this.#approved.has(jobId)) {
      this.violated(`${lately} leavers were begun within the hour, and ${jobId} is another`);
    }
    this.#passed.set(jobId, now);
  }

  claimed(job: Job): void {
    if (this.#isPaused) {
      this.violated(`job ${job.id} was begun in a pause`);
    }
    this.#claims.set(job.id, { job, at: this.#clock.now(), lock: undefined });
    this.adopted(job.id, job.lock);
  }

  /** A job at work has a person for itself. */
  adopted(jobId: string, lock: string | undefined): void {
    const claim = this.#claims.get(jobId);
    const other = [...this.#claims.values()].find((one) => lock !== undefined && one.lock === lock);
    if (other !== undefined && other !== claim) {
      this.violated(`jobs ${jobId} and ${other.job.id} both have ${lock}`);
    }
    if (claim !== undefined) {
      claim.lock = lock;
    }
  }

  left(jobId: string): void {
    this.#claims.delete(jobId);
  }

  /** The process died: nothing is at work any more. */
  died(): void {
    this.#claims.clear();
    this.#atWork.clear();
  }

  /** A run has left our step, by whoever. */
  leaves(run: Run): void {
    if (!this.#leftAt.has(run.id)) {
      this.#leftAt.set(run.id, this.#clock.now());
    }
  }

  /** The service is about to fire; `sentAt` is when it decided to. Nothing has happened yet. */
  firing(run: Run, action: string, sentAt: number): void {
    const before = this.#fired.get(run.id);
    if (before?.by === 'service' && before.at < sentAt) {
      this.violated(
        `run ${run.id} was fired again at, ${sentAt - before.at} ms after our own effect`,
      );
    }
    if (action === 'Continue' && isWaiting(run)) {
      const missing = missingOf(stateOf(this.#tenant.truth, run.person.email), run);
      if (missing.length > 0) {
        this.violated(`Continue for ${run.person.email} although ${missing.join(', ')}`);
      }
    }
  }

  fired(run: Run, fired: Omit<Fired, 'at'>): void {
    this.tell(`${fired.by} fired ${fired.action} of run ${run.id} for ${run.person.email}`);
    this.#fired.set(run.id, { ...fired, at: this.#clock.now() });
    this.count(`fired by ${fired.by}`);
    this.leaves(run);
  }

  /** The tenant is about to be asked; `attempt` is the same object for all calls of one attempt. */
  calls({ command, parameters }: CommandRequest, attempt: object): void {
    if (command === 'Get-Mailbox' && !this.#workedOn.has(attempt)) {
      const [owner] = this.#tenant.truth.named(String(parameters['Identity']));
      this.#workedOn.set(attempt, owner?.primaryAddress ?? 'nobody');
    }
    if (!command.startsWith('Get-') && parameters['PreviewOnly'] !== true) {
      const person = this.#workedOn.get(attempt) ?? 'nobody';
      this.count('changes');
      this.#isAlone(person, attempt);
      this.#isWanted(person, command);
    }
  }

  #isAlone(person: string, attempt: object): void {
    const known = this.#atWork.get(person);
    if (known === undefined) {
      this.#atWork.set(person, { now: attempt, before: new Set() });
      return;
    }
    if (known.before.has(attempt)) {
      this.violated(`two jobs are at work on ${person} at once`);
    }
    if (known.now !== attempt) {
      known.before.add(known.now);
      known.now = attempt;
    }
  }

  /** Some job at work on this person must have seen a run of theirs waiting since it began. */
  #isWanted(email: string, command: string): void {
    const claims = [...this.#claims.values()].filter(({ job }) => this.#isAbout(job, email));
    const isWanted = claims.some(
      ({ job, at }) =>
        job.request['source'] === 'undo' ||
        this.#runs().some(
          (run) =>
            run.person.email === email &&
            (job.request['runId'] === undefined || job.request['runId'] === run.id) &&
            (this.#leftAt.get(run.id) ?? Number.POSITIVE_INFINITY) >= at,
        ),
    );
    if (!isWanted) {
      this.violated(`${command} for ${email}, of whom no run waits`);
    }
    const hasPassed = claims.some(
      ({ job }) => job.request['source'] === 'undo' || this.#passed.has(job.id),
    );
    if (!hasPassed) {
      this.violated(`${command} for ${email}, before the brakes were asked`);
    }
  }

  #isAbout({ request, lock }: Job, email: string): boolean {
    const run = this.#runs().find(({ id }) => id === request['runId']);
    return lock === email || request['email'] === email || run?.person.email === email;
  }
}

export function isWaiting(run: Run): boolean {
  return run.status === 'Waiting';
}

/** Our policy's post-conditions that do not hold, as a person would check them. */
function missingOf([state, ...others]: readonly State[], run: Run): readonly string[] {
  if (state === undefined || others.length > 0) {
    return [`${1 + others.length} mailboxes have the address`];
  }
  const manager = run.person.lineManager?.email ?? 'nobody';
  const conditions: readonly [string, boolean][] = [
    [`it is a ${state.type}`, state.type === 'SharedMailbox'],
    [`${manager} has no full access`, state.fullAccess.includes(manager)],
    [`${manager} cannot send as`, state.sendAs.includes(manager)],
    ['it is in the address lists', state.mailbox?.isHidden === true],
    ...state.groups
      .filter(({ type, isDirSynced }) => LISTS.includes(type) && !isDirSynced)
      .map(({ name }): [string, boolean] => [`it is in the list ${name}`, false]),
  ];
  return conditions.flatMap(([what, holds]) => (holds ? [] : [what]));
}

const LISTS = ['MailUniversalDistributionGroup', 'RoomList'];
