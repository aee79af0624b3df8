import type { Logger } from '../log.ts';
import { waitForStep } from './arrive.ts';
import type { Attempt } from './attempt.ts';
import type { Brakes } from './brakes.ts';
import { actionMissing, actionOf, type ConcludeParts, conclude, leftAlready } from './conclude.ts';
import { attention, type Conclusion } from './conclusion.ts';
import type { FindingPolicy } from './findings.ts';
import { Journal } from './journal.ts';
import type { Operation } from './operations/operation.ts';
import type { Exchange, Person, Run, Runs } from './ports.ts';
import type { Report } from './report.ts';
import { keyOf } from './request.ts';
import type { Verdict } from './verdict.ts';
import { work } from './work.ts';

/** What a workflow's policy says, ready to use. */
export interface Assignment {
  readonly action: string;
  readonly failureAction: string | undefined;
  readonly operations: readonly Operation[];
  readonly findings: FindingPolicy;
}

export interface OffboardParts {
  readonly brakes: Brakes;
  readonly runs: Runs;
  readonly exchange: Exchange;
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

/**
 * Takes one leaver as far as it goes: waits for the step, converges the mailbox, and completes the
 * step with the action the verdict asks for. Throws `trelica.*`, `exchange.*`, `powershell.*` and
 * `offboarding.not-verified` errors; the queue decides whether there is another attempt.
 */
export async function offboard(
  attempt: Attempt,
  assignment: Assignment,
  parts: OffboardParts,
): Promise<Conclusion> {
  const { exchange, log, now, pause, runs } = parts;
  const journal = new Journal(attempt.report, {
    save: (report) => attempt.save(report),
    now,
    calls: () => exchange.calls,
  });
  const arrival = await waitForStep(attempt, parts);
  if (arrival.kind !== 'arrived') {
    return arrival;
  }
  const { run } = arrival;
  const { person, step } = run;
  if (step.kind !== 'waiting') {
    return leftAlready(step, journal);
  }
  if (actionOf(step.actions, assignment.action) === undefined) {
    return actionMissing(assignment.action, step.actions);
  }
  if (person === undefined) {
    return attention('trelica.person-unknown', 'the run has no person with an e-mail address');
  }
  const obstacle = await claimRun(attempt, run, person);
  if (obstacle !== undefined) {
    return obstacle;
  }
  await journal.note(introduction(run, person));
  const setting = { journal, log, pause, signal: attempt.signal };
  const gate = { brakes: parts.brakes, pass: attempt.pass, cancel: attempt.cancel };
  const verdict = await work(person, { ...setting, ...assignment, ...gate, exchange });
  if (verdict.kind === 'held') {
    return verdict;
  }
  return signal(verdict, run, assignment, { ...setting, runs, step: attempt.request.step });
}

/** Undefined if the run is ours now. */
async function claimRun(
  attempt: Attempt,
  run: Run,
  person: Person,
): Promise<Conclusion | undefined> {
  const key = keyOf({ ...attempt.request, runId: run.runId });
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

function introduction(run: Run, person: Person): Partial<Report> {
  return {
    runId: run.runId,
    person: { email: person.email, name: person.name },
    ...(person.managerEmail === undefined ? {} : { manager: person.managerEmail }),
  };
}

async function signal(
  verdict: Verdict,
  run: Run,
  assignment: Assignment,
  parts: ConcludeParts,
): Promise<Conclusion> {
  const action = verdict.kind === 'continue' ? assignment.action : assignment.failureAction;
  await parts.journal.note({ verdict: action === undefined ? 'none' : verdict.kind });
  if (verdict.kind === 'continue') {
    return conclude(run, assignment.action, parts);
  }
  const needsAttention = attention(verdict.code, verdict.reason);
  if (assignment.failureAction === undefined) {
    return needsAttention;
  }
  const conclusion = await conclude(run, assignment.failureAction, parts);
  return conclusion.kind === 'done' ? needsAttention : conclusion;
}
