import { codeOf, retryOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type Finding, type JudgedFinding, judgeFindings, stopOf } from './findings.ts';
import type { Journal } from './journal.ts';
import { type Remaining, remaining } from './made.ts';
import type { Change, Operation } from './operations/operation.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Participants } from './participants.ts';
import { type Bounds, planOf } from './plan.ts';
import type { Exchange } from './ports.ts';
import { scanAgain, scanAll } from './scan.ts';
import { type Scanner, type Snapshot, takeSnapshot } from './snapshot.ts';
import type { Verdict } from './verdict.ts';
import { judge } from './verdict.ts';

export interface ConvergeParts extends Bounds {
  readonly exchange: Exchange;
  readonly operations: readonly Operation[];
  /** What was found before anything was read. */
  readonly known?: readonly Finding[];
  readonly journal: Journal;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Aborted when an operator wants the job to end: no further change is made, and what was made is read. */
  readonly cancel?: AbortSignal | undefined;
  /** Waits, or rejects when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * A write is acknowledged by one directory server and may be read from another: how long to wait
 * between readings before a change counts as not made.
 */
const READ_AGAIN_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

/**
 * Brings the mailbox to what the operations ask for: reads, plans, applies, reads again. The verdict
 * rests on the last reading of each operation. Throws what is worth another attempt.
 */
export async function converge(participants: Participants, parts: ConvergeParts): Promise<Verdict> {
  const { exchange, journal, operations } = parts;
  const snapshot = await takeSnapshot(exchange, participants, operations, {
    readAt: journal.time(),
    scanner: fullScan(parts),
  });
  const first = remainingOf(snapshot, parts);
  await journal.notePlan(first.plan, snapshot.subject.mailbox);
  logPlan(first, parts.log);
  const stop = stopOf(first.plan.findings);
  if (stop !== undefined) {
    return stoppedBy(stop);
  }
  parts.cancel?.throwIfAborted();
  const made = await applyAll(first.plan.changes, parts);
  logMade(made, parts.log);
  const last = await lastReading(snapshot, first, made, participants, parts);
  const left = leftOf(last, made);
  await journal.noteAfter(last.plan, left);
  parts.log.info({ left: left.length, calls: exchange.calls }, 'state read back');
  parts.cancel?.throwIfAborted();
  return judge(left, withDoubts(last, made), [...made.errors.values()][0]);
}

export function stoppedBy({ sentence }: JudgedFinding): Verdict {
  return { kind: 'fail', code: 'offboarding.stopped-by-finding', reason: sentence };
}

function remainingOf(snapshot: Snapshot, parts: ConvergeParts): Remaining {
  const { findings, known = [], journal } = parts;
  const plan = planOf(snapshot, parts);
  const all = [...judgeFindings(known, findings), ...plan.findings];
  return remaining({ ...plan, findings: all }, journal.report.changes, findings);
}

function fullScan({ exchange, journal, log, signal, cancel }: ConvergeParts): Scanner {
  return (operation, scan, subject) =>
    scanAll(scan, subject, {
      exchange,
      signal: cancel === undefined ? signal : AbortSignal.any([signal, cancel]),
      onProgress: async (looked, of) => {
        log.info({ operation: operation.name, looked, of }, 'scanning');
        await journal.note({ scan: { operation: operation.name, looked, of } });
      },
    });
}

function logPlan({ plan }: Remaining, log: Logger): void {
  const findings = plan.findings.map((finding) => finding.code);
  log.info({ changes: plan.changes.length, skipped: plan.skipped.length, findings }, 'planned');
}

/** What became of the changes of this attempt, by change id. */
interface Made {
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly errors: ReadonlyMap<string, Error>;
}

/** One line however many changes there are: a leaver may be in a hundred groups. */
function logMade({ outcomes }: Made, log: Logger): void {
  const counts = Object.groupBy([...outcomes.values()], ({ kind }) => kind);
  log.info(
    Object.fromEntries(Object.entries(counts).map(([kind, list]) => [kind, list.length])),
    'changes made',
  );
}

/** One after another; a refused change does not keep the others from being made. */
async function applyAll(changes: readonly Change[], parts: ConvergeParts): Promise<Made> {
  const outcomes = new Map<string, Outcome>();
  const errors = new Map<string, Error>();
  for (const change of changes) {
    parts.signal.throwIfAborted();
    if (parts.cancel?.aborted) {
      break;
    }
    try {
      outcomes.set(change.id, await applyOne(change, parts));
    } catch (error) {
      if (!(error instanceof Error)) {
        throw error;
      }
      outcomes.set(change.id, await noteRefusal(change, error, parts));
      errors.set(change.id, error);
      // An outage meets every further call too, and a stop asks for none.
      if (retryOf(error) === 'outage' || parts.signal.aborted) {
        throw error;
      }
    }
  }
  return { outcomes, errors };
}

async function applyOne(change: Change, parts: ConvergeParts): Promise<Outcome> {
  const { exchange, journal, log } = parts;
  await journal.noteChange(change, { kind: 'begun' });
  const outcome = await exchange.apply(change.call);
  const facts = { operation: change.operation, change: change.id, outcome: outcome.kind };
  log.debug(facts, 'change made');
  await journal.noteChange(change, outcome);
  return outcome;
}

async function noteRefusal(
  change: Change,
  error: Error,
  { journal, log }: ConvergeParts,
): Promise<Outcome> {
  const outcome = outcomeOf(change, error);
  const facts = { operation: change.operation, change: change.id, outcome: outcome.kind };
  log.warn({ ...facts, code: codeOf(error), err: error }, 'change not made');
  await journal.noteChange(change, outcome);
  return outcome;
}

/** The required changes that are still asked for, or in doubt, less those refused in a tolerated way. */
function leftOf({ plan, uncertain, unseen }: Remaining, { outcomes }: Made): readonly Change[] {
  return [...plan.changes, ...uncertain, ...unseen].filter(
    ({ id, required }) => required && outcomes.get(id)?.kind !== 'skipped',
  );
}

/** A change that may have happened and must not be repeated: trying again cannot help. */
function withDoubts({ uncertain }: Remaining, { outcomes }: Made): ReadonlyMap<string, Outcome> {
  const doubt: Outcome = {
    kind: 'failed',
    code: 'offboarding.outcome-unknown',
    message: 'it may have happened and is not repeated',
  };
  return new Map([...outcomes, ...uncertain.map(({ id }) => [id, doubt] as const)]);
}

/** What was seen of an operation that had nothing to do stands; the others are read until nothing is left. */
async function lastReading(
  before: Snapshot,
  first: Remaining,
  made: Made,
  participants: Participants,
  parts: ConvergeParts,
): Promise<Remaining> {
  if (first.plan.changes.length === 0) {
    return first;
  }
  const last = await verify(before, first, made, participants, parts);
  const seen = { ...first.plan.seen, ...last.plan.seen };
  return { ...last, plan: { ...last.plan, seen } };
}

/** Reads again as long as waiting may help: some change that is left was acknowledged. */
async function verify(
  before: Snapshot,
  first: Remaining,
  made: Made,
  participants: Participants,
  parts: ConvergeParts,
): Promise<Remaining> {
  const { exchange, journal, pause, signal } = parts;
  const open = [...first.plan.changes, ...first.uncertain, ...first.unseen];
  const changed = before.views.filter(
    ({ operation, costsNothing }) =>
      costsNothing || open.some((change) => change.operation === operation.name),
  );
  const scanner: Scanner = (operation, scan, subject) => {
    const looked = changed.find((view) => view.operation === operation)?.looked ?? [];
    return scanAgain(scan, looked, subject, exchange);
  };
  const operations = changed.map(({ operation }) => operation);
  for (const waitMs of [...READ_AGAIN_AFTER_MS, undefined]) {
    const last = remainingOf(
      await takeSnapshot(exchange, participants, operations, {
        readAt: journal.time(),
        scanner,
        known: before.facts,
      }),
      parts,
    );
    // What a cancelled job has not tried will not come.
    const open = leftOf(last, made).filter(
      ({ id }) => !parts.cancel?.aborted || made.outcomes.has(id),
    );
    const mayComeYet = open.some(({ id }) => isAcknowledged(made.outcomes.get(id)));
    if (!mayComeYet || waitMs === undefined) {
      return last;
    }
    await pause(waitMs, signal);
  }
  throw new Error('unreachable: the last round of verify returns');
}

function isAcknowledged(outcome: Outcome | undefined): boolean {
  return outcome === undefined || outcome.kind === 'done' || outcome.kind === 'already';
}
