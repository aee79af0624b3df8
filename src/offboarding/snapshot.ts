import { z } from 'zod';
import { type Call, call } from '../cmdlets/call.ts';
import type { Identity } from '../cmdlets/identity.ts';
import { ServiceError } from '../errors.ts';
import { guidCell } from './cells.ts';
import type { Mailbox, Manager, Operation, Subject } from './operations/operation.ts';
import type { Cells, Exchange, Person } from './ports.ts';

/** What was read at one time: whom it is about, and what each operation asked to see. */
export interface Snapshot {
  readonly subject: Subject;
  readonly views: readonly {
    readonly operation: Operation;
    readonly answers: readonly (readonly Cells[])[];
  }[];
}

/** Who takes part, resolved once per attempt: from here on only GUIDs are used. */
export interface Participants {
  readonly person: Person;
  readonly mailbox: Identity;
  readonly manager: Manager;
}

/**
 * Reads the mailbox, then whatever the operations need of it. The same call wanted by two operations
 * is made once.
 */
export async function takeSnapshot(
  exchange: Exchange,
  participants: Participants,
  operations: readonly Operation[],
): Promise<Snapshot> {
  const subject: Subject = {
    person: participants.person,
    manager: participants.manager,
    mailbox: await readMailbox(exchange, participants.mailbox),
  };
  const answered = new Map<string, Promise<readonly Cells[]>>();
  const answerTo = (wanted: Call): Promise<readonly Cells[]> => {
    const key = JSON.stringify(wanted);
    const answer = answered.get(key) ?? exchange.read(wanted);
    answered.set(key, answer);
    return answer;
  };
  const views = await Promise.all(
    operations.map(async (operation) => ({
      operation,
      answers: await Promise.all(operation.reads(subject).map(answerTo)),
    })),
  );
  return { subject, views };
}

const mailboxRow = z
  .object({
    Guid: guidCell,
    DistinguishedName: z.string().min(1),
    PrimarySmtpAddress: z.string(),
    DisplayName: z.string(),
    RecipientTypeDetails: z.string().min(1),
    IsDirSynced: z.boolean().nullish(),
  })
  .transform(
    (row): Mailbox => ({
      guid: row.Guid,
      distinguishedName: row.DistinguishedName,
      address: row.PrimarySmtpAddress,
      displayName: row.DisplayName,
      type: row.RecipientTypeDetails,
      isSynchronised: row.IsDirSynced === true,
    }),
  );

async function readMailbox(exchange: Exchange, guid: Identity): Promise<Mailbox> {
  const rows = await exchange.read(
    call('Get-Mailbox', { Identity: guid }, [
      'Guid',
      'DistinguishedName',
      'PrimarySmtpAddress',
      'DisplayName',
      'RecipientTypeDetails',
      'IsDirSynced',
    ]),
  );
  const parsed = z.tuple([mailboxRow]).safeParse(rows);
  // An identity Exchange does not like may return every mailbox: the answer must be the one asked for.
  if (!parsed.success || parsed.data[0].guid.toLowerCase() !== guid.toLowerCase()) {
    throw new ServiceError(
      'exchange.answer-invalid',
      'not exactly the mailbox that was asked for',
      {
        facts: { rows: rows.length },
        cause: parsed.error,
      },
    );
  }
  return parsed.data[0];
}
