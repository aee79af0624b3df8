import { parseIdentity } from '../cmdlets/identity.ts';
import { type EmailAddress, parseAddress } from './address.ts';
import type { Attempt } from './attempt.ts';
import { type Brakes, type Protection, protectionOf, refusalOf } from './brakes.ts';
import { attention, type Conclusion } from './conclusion.ts';
import { converge } from './converge.ts';
import { toDelegate } from './delegates.ts';
import type { Finding, FindingKind } from './findings.ts';
import { Journal } from './journal.ts';
import { madeIds } from './made.ts';
import { readMailbox } from './mailbox.ts';
import { kindOf, OPERATIONS } from './operations/list.ts';
import type { Operation, OperationKind } from './operations/operation.ts';
import type { Participants } from './participants.ts';
import type { Exchange, Resolution } from './ports.ts';
import type { OffboardParts } from './process.ts';
import type { ChangeResult, Report } from './report.ts';

/**
 * A change that was not read back may still be unseen on some servers: an undo that looked too early would
 * find nothing to take back.
 */
const SEEN_AFTER_MS = 60_000;

const CANNOT_UNDO: FindingKind = { code: 'cannot-undo', byDefault: 'warn' };

/**
 * Takes back what a job has changed, as far as that is possible, by the very same loop: reads, plans
 * what differs from the image from before, applies, reads again. Says what cannot be taken back, and
 * tells the workflow nothing. The brakes keep it from whom they protect; they do not count it, since it brings
 * back and each is asked for by a person.
 */
export async function undo(
  attempt: Pick<Attempt, 'report' | 'signal' | 'cancel' | 'save'>,
  original: Report,
  { brakes, exchange, log, now, pause }: Omit<OffboardParts, 'runs'>,
): Promise<Conclusion> {
  const tooEarlyMs = seenAt(original) - now();
  if (tooEarlyMs > 0) {
    const reason = { code: 'not-settled', message: 'the last changes may not be seen yet' };
    // Not longer, should the clock have been set back meanwhile.
    return { kind: 'later', reason, afterMs: Math.min(tooEarlyMs, SEEN_AFTER_MS) };
  }
  const journal = new Journal(attempt.report, {
    save: (report) => attempt.save(report),
    now,
    calls: () => exchange.calls,
  });
  const operations = restoring(original);
  const participants = await participantsOf(original, operations, exchange);
  if (participants === undefined) {
    return { kind: 'done', reason: { code: 'nothing-made', message: 'the job changed nothing' } };
  }
  await journal.note({ person: original.person });
  const protection = await protectionNow(participants, brakes, exchange);
  if (protection !== undefined) {
    await journal.note({ findings: [protection] });
    const { code, reason } = refusalOf(protection);
    return attention(code, reason);
  }
  const verdict = await converge(participants, {
    exchange,
    operations,
    findings: {},
    brakes,
    journal,
    log,
    signal: attempt.signal,
    cancel: attempt.cancel,
    pause,
  });
  return verdict.kind === 'continue' ? { kind: 'done' } : attention(verdict.code, verdict.reason);
}

async function protectionNow(
  { person, mailbox: guid }: Participants,
  brakes: Brakes,
  exchange: Exchange,
): Promise<Protection | undefined> {
  const { address, addresses } = await readMailbox(guid, (call) => exchange.read(call));
  const primary = parseAddress(address) ?? person.email;
  return protectionOf({ named: person.email, primary, all: addresses }, brakes);
}

/** When everything the job has changed can be seen, in milliseconds since the epoch. */
function seenAt({ changes, verification }: Report): number {
  const times = changes.map(({ at }) => Date.parse(at));
  return verification?.verified ? 0 : Math.max(0, ...times) + SEEN_AFTER_MS;
}

/** What a job changed, as far as it can be taken back and as far as not: sentences for whoever decides. */
export function undoable({ before = {}, changes }: Report): {
  readonly reversible: readonly string[];
  readonly irreversible: readonly string[];
} {
  const made = madeIds(changes);
  const split = Object.groupBy(
    changes.filter(({ id }) => made.has(id)),
    (change) => (isReversible(change, before[change.operation]) ? 'reversible' : 'irreversible'),
  );
  const sentences = (some: readonly { sentence: string }[] = []) =>
    some.map(({ sentence }) => sentence);
  return {
    reversible: sentences(split['reversible']),
    irreversible: sentences(split['irreversible']),
  };
}

/** The operations that bring back what a job found, the last first. */
export function restoring({ before = {}, changes }: Report): readonly Operation[] {
  const made = madeIds(changes);
  const kinds: readonly OperationKind[] = OPERATIONS.toReversed();
  return kinds.flatMap((kind) => {
    const own = changes.filter(({ id, operation }) => operation === kind.name && made.has(id));
    return own.length === 0 ? [] : [restoringOne(kind, before[kind.name], own)];
  });
}

/** Brings back what can be, of the changes that were made, and says what cannot. */
function restoringOne(
  kind: OperationKind,
  before: unknown,
  made: readonly ChangeResult[],
): Operation {
  const reversible = made.filter((change) => isReversible(change, before));
  const ids = new Set(reversible.map(({ id }) => id));
  const operation = ids.size === 0 ? idle(kind.name) : (restorer(kind, before) ?? idle(kind.name));
  const lost = made.filter(({ id }) => !ids.has(id)).map(cannotUndo);
  return {
    ...operation,
    plan: (subject, answers, looked) => {
      const { changes, findings, ...rest } = operation.plan(subject, answers, looked);
      return {
        ...rest,
        changes: changes.filter(({ id }) => ids.has(id)),
        findings: [...findings, ...lost],
      };
    },
  };
}

/** `before` is the image of the change's operation. */
function isReversible({ operation, irreversible }: ChangeResult, before: unknown): boolean {
  return irreversible === undefined && restorer(kindOf(operation), before) !== undefined;
}

/** Undefined where the operation has no way back, or left no image to go back to. */
function restorer(kind: OperationKind | undefined, before: unknown): Operation | undefined {
  const image = kind?.seen.safeParse(before);
  return image?.success ? kind?.restore?.(image.data) : undefined;
}

function cannotUndo({ sentence }: ChangeResult): Finding {
  return { kind: CANNOT_UNDO, sentence: `Cannot be taken back: ${sentence}.` };
}

function idle(name: string): Operation {
  return {
    name,
    reads: () => [],
    plan: () => ({ changes: [], findings: [], skipped: [], seen: undefined }),
  };
}

/** The mailbox is the one the job worked on, whoever has its address now. */
async function participantsOf(
  { mailbox, person }: Report,
  operations: readonly Operation[],
  exchange: Exchange,
): Promise<Participants | undefined> {
  const email = parseAddress(person?.email);
  if (mailbox === undefined || person === undefined || email === undefined) {
    return undefined;
  }
  const guid = parseIdentity(mailbox.guid);
  const addresses = operations.flatMap((operation) => operation.addresses ?? []);
  const found =
    addresses.length === 0
      ? new Map<EmailAddress, Resolution>()
      : await exchange.resolve(addresses);
  return {
    person: { email, name: person.name, managerEmail: undefined },
    mailbox: guid,
    manager: { kind: 'none' },
    delegates: new Map(
      addresses.map((address) => [address, toDelegate(address, found.get(address), guid)]),
    ),
  };
}
