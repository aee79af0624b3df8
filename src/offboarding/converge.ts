import { codeOf, retryOf, type ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Journal } from './journal.ts';
import type { Change, Operation } from './operations/operation.ts';
import { gather } from './participants.ts';
import { type Plan, planOf, stopOf } from './plan.ts';
import type { Exchange, Person } from './ports.ts';
import { type Participants, takeSnapshot } from './snapshot.ts';
import type { Verdict } from './verdict.ts';
import { judge } from './verdict.ts';

export interface ConvergeParts {
  readonly exchange: Exchange;
  readonly operations: readonly Operation[];
  readonly journal: Journal;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Waits, or rejects when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * A write is acknowledged by one directory server and may be read from another: how long to wait
 * between readings before a change counts as not made.
 */
const READ_AGAIN_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

/**
 * Brings the person's state to what the operations ask for: reads, plans, applies, reads again. The
 * verdict rests on the last reading alone. Throws what is worth another attempt.
 */
export async function converge(person: Person, parts: ConvergeParts): Promise<Verdict> {
  const { exchange, journal, operations } = parts;
  const gathering = await gather(exchange, person);
  if (gathering.kind === 'stopped') {
    await journal.note({ findings: [gathering.finding] });
    return {
      kind: 'fail',
      code: 'offboarding.stopped-by-finding',
      reason: gathering.finding.sentence,
    };
  }
  const { participants } = gathering;
  const first = planOf(await takeSnapshot(exchange, participants, operations));
  await journal.notePlan(first);
  logPlan(first, parts.log);
  const stop = stopOf(first.findings);
  if (stop !== undefined) {
    return { kind: 'fail', code: 'offboarding.stopped-by-finding', reason: stop.sentence };
  }
  const failures = await applyAll(first.changes, parts);
  const last = first.changes.length === 0 ? first : await verify(participants, failures, parts);
  const left = leftOf(last, failures);
  await journal.noteAfter(last, left);
  parts.log.info({ left: left.length, calls: exchange.calls }, 'state read back');
  return judge(left, failures);
}

function logPlan(plan: Plan, log: Logger): void {
  const findings = plan.findings.map((finding) => finding.code);
  log.info({ changes: plan.changes.length, skipped: plan.skipped.length, findings }, 'planned');
}

/** Why the changes that failed did so, by change id; a change that is not here was acknowledged. */
export type Failures = ReadonlyMap<string, ServiceError | Error>;

/** One after another; a refused change does not keep the others from being made. */
async function applyAll(
  changes: readonly Change[],
  parts: ConvergeParts,
): Promise<Map<string, Error>> {
  const failures = new Map<string, Error>();
  for (const change of changes) {
    parts.signal.throwIfAborted();
    const error = await applyOne(change, parts);
    if (error !== undefined) {
      failures.set(change.id, error);
    }
  }
  return failures;
}

async function applyOne(change: Change, parts: ConvergeParts): Promise<Error | undefined> {
  const { exchange, journal, log, signal } = parts;
  await journal.noteChange(change, 'begun');
  try {
    const applied = await exchange.apply(change.call);
    log.info(
      { operation: change.operation, change: change.id, outcome: applied.kind },
      'change made',
    );
    const message = applied.kind === 'already' ? { message: applied.message } : {};
    await journal.noteChange(change, applied.kind, message);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) {
      throw error;
    }
    const outcome = outcomeOf(change, error);
    log.warn(
      { operation: change.operation, change: change.id, outcome, code: codeOf(error), err: error },
      'change not made',
    );
    await journal.noteChange(change, outcome, { error });
    // An outage meets every further call too, and a stop asks for none.
    if (retryOf(error) === 'outage' || signal.aborted) {
      throw error;
    }
    return error;
  }
}

function outcomeOf(change: Change, error: Error): 'skipped' | 'failed' | 'unknown' {
  if (isTolerated(change, error)) {
    return 'skipped';
  }
  return retryOf(error) === 'never' ? 'failed' : 'unknown';
}

function isTolerated(change: Change, error: Error | undefined): boolean {
  return error !== undefined && change.tolerates.includes(codeOf(error));
}

/** The required changes the plan still asks for, less those that Exchange forbids in a tolerated way. */
function leftOf(plan: Plan, failures: Failures): readonly Change[] {
  return plan.changes.filter(
    (change) => change.required && !isTolerated(change, failures.get(change.id)),
  );
}

/** Reads until nothing is left, as long as waiting may help: some change was not refused outright. */
async function verify(
  participants: Participants,
  failures: Failures,
  parts: ConvergeParts,
): Promise<Plan> {
  const { exchange, operations, pause, signal } = parts;
  for (const waitMs of [...READ_AGAIN_AFTER_MS, undefined]) {
    const plan = planOf(await takeSnapshot(exchange, participants, operations));
    const mayComeYet = leftOf(plan, failures).some((change) => !failures.has(change.id));
    if (!mayComeYet || waitMs === undefined) {
      return plan;
    }
    await pause(waitMs, signal);
  }
  throw new Error('unreachable: the last round of verify returns');
}
