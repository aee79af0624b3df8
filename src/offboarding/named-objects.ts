import { z } from 'zod';
import { type Call, call } from '../cmdlets/call.ts';
import type { Identity } from '../cmdlets/identity.ts';
import { fitsFilter, opathText } from '../cmdlets/opath.ts';
import { addressesCell, guidCell, parseCells } from './cells.ts';
import type { Cells } from './ports.ts';

/** A recipient as an answer shows it. */
export interface NamedObject {
  readonly guid: Identity;
  /** For people. */
  readonly label: string;
  /** Every mail address it has, in lower case. */
  readonly addresses: readonly string[];
}

/** The properties that `parseObject` needs. */
export const OBJECT = ['Guid', 'DisplayName', 'PrimarySmtpAddress', 'EmailAddresses'];

const objectRow = z
  .object({
    Guid: guidCell,
    DisplayName: z.string().nullish(),
    PrimarySmtpAddress: z.string().nullish(),
    EmailAddresses: addressesCell,
  })
  .transform((row) => ({
    guid: row.Guid,
    label: `${row.DisplayName ?? 'recipient'} <${row.PrimarySmtpAddress ?? row.Guid}>`,
    addresses: row.EmailAddresses,
  }));

export function parseObject(row: Cells): NamedObject {
  return parseCells(objectRow, row, 'a recipient');
}

/** How long a filter may become is not documented; so many comparisons stay far below what works. */
const VALUES_A_CALL = 10;

/** Reads the recipients that have one of these names or GUIDs. A text that fits no filter finds nobody. */
export function readObjects(property: 'Name' | 'Guid', values: readonly string[]): readonly Call[] {
  const wanted = [...new Set(values)].filter(fitsFilter);
  const starts = wanted.flatMap((_, index) => (index % VALUES_A_CALL === 0 ? [index] : []));
  return starts.map((start) => {
    const some = wanted.slice(start, start + VALUES_A_CALL);
    const filter = some.map((value) => `${property} -eq ${opathText(value)}`).join(' -or ');
    return call('Get-Recipient', { Filter: filter, ResultSize: 'Unlimited' }, [
      'Identity',
      ...OBJECT,
    ]);
  });
}

/** What the name in an `Identity` may be: all of it, or the end, where the path to it is shown too. */
export function namesIn(identity: string): readonly string[] {
  return [identity, identity.slice(identity.lastIndexOf('/') + 1)];
}

/**
 * Finds the one recipient that Exchange shows under the same `Identity`: a permission has no other name of the
 * object it is on. Undefined where there is none, or more than one.
 */
export function finderIn(rows: readonly Cells[]): (identity: string) => NamedObject | undefined {
  const shown = rows.map((row) => ({ identity: row['Identity'], object: parseObject(row) }));
  return (identity) => {
    const fits = shown.filter((one) => one.identity === identity).map(({ object }) => object);
    const [first, ...others] = new Map(fits.map((object) => [object.guid, object])).values();
    return others.length === 0 ? first : undefined;
  };
}
