import type { Call } from '../cmdlets/call.ts';
import type { CmdletName } from '../cmdlets/cmdlets.ts';
import { readMailbox } from './mailbox.ts';
import type { Looked, Operation, Scan } from './operations/operation.ts';
import type { Participants } from './participants.ts';
import type { Cells, Exchange } from './ports.ts';
import type { Subject } from './subject.ts';

/** What was read at one time: whom it is about, and what each operation asked to see. */
export interface Snapshot {
  readonly subject: Subject;
  readonly views: readonly View[];
  /** Answers that stay true whatever a job changes. */
  readonly facts: Answers;
}

/** By call. */
type Answers = ReadonlyMap<string, readonly Cells[]>;

export interface View {
  readonly operation: Operation;
  readonly answers: readonly (readonly Cells[])[];
  /** To look again takes no call but that for the mailbox. */
  readonly costsNothing: boolean;
  /** Left out where nobody scanned. */
  readonly looked?: readonly Looked[];
}

/** Does the slow part of an operation's reading. */
export type Scanner = (
  operation: Operation,
  scan: Scan,
  subject: Subject,
) => Promise<readonly Looked[]>;

export interface SnapshotOptions {
  /** The time, ISO 8601 in UTC. */
  readonly readAt: string;
  /** Without one nothing is scanned. */
  readonly scanner?: Scanner;
  /** What need not be read again. */
  readonly known?: Answers;
}

/**
 * Readings of what no operation changes: once for an attempt is enough. So it is for a preview, which only
 * tells whether it is refused.
 */
const UNCHANGED_BY_US: ReadonlySet<CmdletName> = new Set<CmdletName>([
  'Get-AcceptedDomain',
  'Get-HostedOutboundSpamFilterPolicy',
  'Get-MailboxStatistics',
  'Remove-CalendarEvents',
]);

/** Reads of one snapshot that are under way at a time: more would only fill the queue of the sessions. */
const READS_AT_ONCE = 4;

/**
 * Reads the mailbox, then whatever the operations need of it. The same call wanted by two operations
 * is made once.
 */
export async function takeSnapshot(
  exchange: Exchange,
  { mailbox, ...others }: Participants,
  operations: readonly Operation[],
  { readAt, scanner, known = new Map() }: SnapshotOptions,
): Promise<Snapshot> {
  const read = (call: Call) => exchange.read(call);
  const subject: Subject = { ...others, readAt, mailbox: await readMailbox(mailbox, read) };
  const first = operations.map((operation) => ({ operation, calls: operation.reads(subject) }));
  const firstAnswers = await readAll(first, known, read);
  const wanted = first.map(({ operation, calls }) => {
    const next = operation.readsNext?.(subject, answersTo(calls, firstAnswers)) ?? [];
    return { operation, calls: [...calls, ...next] };
  });
  const answers = await readAll(wanted, firstAnswers, read);
  const views: View[] = [];
  for (const { operation, calls } of wanted) {
    const { scan } = operation;
    const isScanned = scan !== undefined && scanner !== undefined;
    views.push({
      operation,
      answers: answersTo(calls, answers),
      costsNothing: calls.every(({ cmdlet }) => UNCHANGED_BY_US.has(cmdlet)),
      ...(isScanned ? { looked: await scanner(operation, scan, subject) } : {}),
    });
  }
  const facts = wanted
    .flatMap(({ calls }) => calls)
    .filter(({ cmdlet }) => UNCHANGED_BY_US.has(cmdlet))
    .map(keyOf);
  return { subject, views, facts: new Map(facts.map((key) => [key, answers.get(key) ?? []])) };
}

interface Wanted {
  readonly operation: Operation;
  readonly calls: readonly Call[];
}

function answersTo(calls: readonly Call[], answers: Answers): readonly (readonly Cells[])[] {
  return calls.map((call) => answers.get(keyOf(call)) ?? []);
}

async function readAll(
  wanted: readonly Wanted[],
  known: Answers,
  read: Exchange['read'],
): Promise<Answers> {
  const calls = wanted.flatMap((one) => one.calls);
  const distinct = [...new Map(calls.map((call) => [keyOf(call), call]))].filter(
    ([key]) => !known.has(key),
  );
  const answers = new Map(known);
  for (let start = 0; start < distinct.length; start += READS_AT_ONCE) {
    const some = distinct.slice(start, start + READS_AT_ONCE);
    await Promise.all(some.map(async ([key, call]) => answers.set(key, await read(call))));
  }
  return answers;
}

function keyOf(call: Call): string {
  return JSON.stringify(call);
}
