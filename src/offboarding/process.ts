import type { Logger } from '../log.ts';
import { type Arrived, waitForStep } from './arrive.ts';
import type { Assignment } from './assignment.ts';
import type { Attempt } from './attempt.ts';
import type { Brakes } from './brakes.ts';
import { actionMissing, actionOf, conclude, isPending, leftAlready, toldOf } from './conclude.ts';
import { attention, type Conclusion } from './conclusion.ts';
import { deadlineOf } from './deadline.ts';
import type { Finding } from './findings.ts';
import { identify } from './identify.ts';
import { Journal } from './journal.ts';
import type { Exchange, People, Person, Run, Runs } from './ports.ts';
import type { Report } from './report.ts';
import { keyOf } from './request.ts';
import type { Verdict } from './verdict.ts';
import { work } from './work.ts';

export interface OffboardParts {
  readonly brakes: Brakes;
  readonly runs: Runs;
  /** Left out where people may not be looked up. */
  readonly people?: People | undefined;
  readonly exchange: Exchange;
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/**
 * A verdict that rests on a reading this old is read anew before it is signalled. Long enough for the pauses of
 * a short outage, and short enough that an administrator who undid our work meanwhile is noticed.
 */
const VERDICT_GOOD_FOR_MS = 10 * 60_000;

/**
 * Takes one leaver as far as it goes: waits for one of the steps, converges the mailbox, and completes the
 * step with the action the verdict asks for. Once there is a verdict, further attempts only deliver it.
 * Throws `trelica.*`, `exchange.*`, `powershell.*` and `offboarding.not-verified` errors; the queue decides
 * whether there is another attempt.
 */
export async function offboard(
  attempt: Attempt,
  assignments: readonly Assignment[],
  parts: OffboardParts,
): Promise<Conclusion> {
  const { exchange, now } = parts;
  const { signal, verdict } = attempt.report;
  if (signal?.outcome === 'confirmed') {
    // The process died before the job was done: there is nothing to ask Trelica any more.
    return toldOf(signal.action, verdict);
  }
  const journal = new Journal(attempt.report, {
    save: (report) => attempt.save(report),
    now,
    calls: () => exchange.calls,
  });
  const arrival = await waitForStep(attempt, assignments, { ...parts, journal });
  return arrival.kind === 'arrived' ? serve(arrival, attempt, { ...parts, journal }) : arrival;
}

interface ServeParts extends OffboardParts {
  readonly journal: Journal;
}

async function serve(
  { run, assignment }: Arrived,
  attempt: Attempt,
  parts: ServeParts,
): Promise<Conclusion> {
  const { step } = run;
  if (step.kind !== 'waiting') {
    return leftAlready(step, parts);
  }
  if (actionOf(step.actions, assignment.action) === undefined) {
    return actionMissing(assignment.action, step.actions);
  }
  const { person, findings } = await identify(run, parts.people);
  if (person === undefined) {
    return attention(
      'trelica.person-unknown',
      'the run does not name one and the same person with one e-mail address',
    );
  }
  const obstacle = await claimRun(attempt, run, assignment.step, person);
  if (obstacle !== undefined) {
    return obstacle;
  }
  await parts.journal.note(introduction(run, assignment.step, person));
  parts.log.info({ person: person.email, manager: person.managerEmail }, 'leaver known');
  const { signal, cancel, pass } = attempt;
  const telling = { ...parts, signal, cancel, pass };
  const stored = storedVerdict(attempt.since, parts);
  if (stored !== undefined) {
    return deliver(stored, run, assignment, telling);
  }
  const deadline = deadlineOf(step, parts.now());
  if (deadline.kind === 'passed') {
    return deadline.conclusion;
  }
  const known = [...findings, ...deadline.findings];
  return workAndTell({ person, known }, run, assignment, telling);
}

/** Undefined if the run is ours now. */
async function claimRun(
  attempt: Attempt,
  { runId, iteration }: Run,
  step: string,
  person: Person,
): Promise<Conclusion | undefined> {
  const key = keyOf({ ...attempt.request, runId, step, iteration });
  const adoption = await attempt.adopt({ key, lock: person.email });
  switch (adoption.kind) {
    case 'adopted':
      return undefined;
    case 'key-taken': {
      const reason = { code: 'duplicate', message: `job ${adoption.by} does this work` };
      return { kind: 'superseded', reason };
    }
    case 'locked': {
      const reason = { code: 'person-busy', message: `job ${adoption.by} works on this person` };
      return { kind: 'later', reason, afterMs: 5_000 };
    }
  }
}

function introduction({ runId, iteration }: Run, step: string, person: Person): Partial<Report> {
  return {
    runId,
    step,
    iteration,
    awaitedSince: undefined,
    person: { email: person.email, name: person.name },
    ...(person.managerEmail === undefined ? {} : { manager: person.managerEmail }),
  };
}

/**
 * What an earlier attempt decided and could not deliver, if it is recent enough to be still true. Before a person had
 * the job tried again an undo may have been made; and a time that lies ahead was written by a clock that has been
 * set back, nobody knows how long ago.
 */
function storedVerdict(
  since: number,
  { journal: { report }, now }: ServeParts,
): Verdict | undefined {
  const { verdict, failure } = report;
  const judgedAt = Date.parse(report.judgedAt ?? '');
  const ageMs = now() - judgedAt;
  const isRecent = judgedAt >= since && ageMs >= 0 && ageMs <= VERDICT_GOOD_FOR_MS;
  if (!isPending(report) || !isRecent) {
    return undefined;
  }
  if (verdict === 'fail' && failure !== undefined) {
    return { kind: 'fail', code: failure.code, reason: failure.message };
  }
  return verdict === 'continue' ? { kind: 'continue' } : undefined;
}

type TellParts = ServeParts & Pick<Attempt, 'signal' | 'cancel' | 'pass'>;

async function workAndTell(
  { person, known }: { readonly person: Person; readonly known: readonly Finding[] },
  run: Run,
  assignment: Assignment,
  parts: TellParts,
): Promise<Conclusion> {
  const verdict = await work(person, { ...parts, ...assignment, known });
  if (verdict.kind === 'held') {
    return verdict;
  }
  await parts.journal.note(decided(verdict, assignment, parts.journal));
  return deliver(verdict, run, assignment, parts);
}

/** Verdict and owed signal, in one write: from now on the signal is only delivered. */
function decided(verdict: Verdict, assignment: Assignment, journal: Journal): Partial<Report> {
  const action = actionFor(verdict, assignment);
  const { signal } = journal.report;
  if (action === undefined) {
    return { verdict: 'none', signal: signal?.outcome === 'owed' ? undefined : signal };
  }
  const isUnderWay = signal?.outcome === 'intended' && signal.action === action;
  return {
    verdict: verdict.kind,
    judgedAt: journal.time(),
    failure: verdict.kind === 'fail' ? { code: verdict.code, message: verdict.reason } : undefined,
    signal: isUnderWay ? signal : { action, outcome: 'owed', at: journal.time() },
  };
}

function actionFor({ kind }: Verdict, assignment: Assignment): string | undefined {
  return kind === 'continue' ? assignment.action : assignment.failureAction;
}

async function deliver(
  verdict: Verdict,
  run: Run,
  assignment: Assignment,
  parts: TellParts,
): Promise<Conclusion> {
  const action = actionFor(verdict, assignment);
  const told =
    action === undefined
      ? undefined
      : await conclude(run, action, { ...parts, step: assignment.step });
  if (verdict.kind === 'continue') {
    return told ?? { kind: 'done' };
  }
  const needsAttention = attention(verdict.code, verdict.reason);
  return told === undefined || told.kind === 'done' ? needsAttention : told;
}
