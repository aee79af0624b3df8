import { z } from 'zod';
import type { Identity } from '../cmdlets/identity.ts';
import { guidCell, parseCells } from './cells.ts';
import type { Cells } from './ports.ts';

/** A group of any kind, as `Get-Recipient` shows it. */
export interface Group {
  readonly guid: Identity;
  /** "Buyers <buyers@example.org>" */
  readonly label: string;
  /** `RecipientTypeDetails`, e.g. `MailUniversalDistributionGroup`. */
  readonly type: string;
  /** Mastered in an on-premises directory. */
  readonly isSynchronised: boolean;
}

const groupRow = z
  .object({
    Guid: guidCell,
    DisplayName: z.string().nullish(),
    PrimarySmtpAddress: z.string().nullish(),
    RecipientTypeDetails: z.string(),
    IsDirSynced: z.boolean().nullish(),
  })
  .transform(
    (row): Group => ({
      guid: row.Guid,
      label: `${row.DisplayName ?? 'group'} <${row.PrimarySmtpAddress ?? row.Guid}>`,
      type: row.RecipientTypeDetails,
      isSynchronised: row.IsDirSynced === true,
    }),
  );

/** What to ask of a group. */
export const GROUP_PROPERTIES: readonly string[] = Object.keys(groupRow.in.shape);

/** Throws `exchange.answer-invalid`. */
export function parseGroup(row: Cells): Group {
  return parseCells(groupRow, row, 'a group');
}

/** A group in a stored image. */
export const groupSeen = z.object({ guid: guidCell, label: z.string(), type: z.string() });
