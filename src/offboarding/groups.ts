import { z } from 'zod';
import type { Identity } from '../cmdlets/identity.ts';
import { addressesCell, guidCell, parseCells } from './cells.ts';
import type { Elsewhere } from './operations/operation.ts';
import type { Cells } from './ports.ts';

/** A group of any kind, as `Get-Recipient` shows it. */
export interface Group {
  readonly guid: Identity;
  /** "Buyers <buyers@example.org>" */
  readonly label: string;
  /** Every mail address it has, in lower case. */
  readonly addresses: readonly string[];
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
    EmailAddresses: addressesCell,
    RecipientTypeDetails: z.string(),
    IsDirSynced: z.boolean().nullish(),
  })
  .transform(
    (row): Group => ({
      guid: row.Guid,
      label: `${row.DisplayName ?? 'group'} <${row.PrimarySmtpAddress ?? row.Guid}>`,
      addresses: row.EmailAddresses,
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

/** A group in a stored image; older ones tell no addresses. */
export const groupSeen = z.object({
  guid: guidCell,
  label: z.string(),
  addresses: z.array(z.string()).default([]),
  type: z.string(),
});
type GroupSeen = z.infer<typeof groupSeen>;

export function groupImage({ guid, label, addresses, type }: Group): GroupSeen {
  return { guid, label, addresses: [...addresses], type };
}

/** The group as what a change of it touches. */
export function touched({ label, addresses }: Pick<Group, 'label' | 'addresses'>): Elsewhere {
  return { what: label, addresses };
}

/** What is special to one operation about groups it leaves alone. */
interface GroupWords {
  readonly synchronised: string;
  readonly dynamic: string;
  readonly role: string;
}

/**
 * Why a group is left as it is, since Exchange can't or the administrator doesn't want it changed, as a
 * sentence; undefined for one that may be changed.
 */
export function reasonToLeaveAlone(
  { type, isSynchronised }: Group,
  { securityGroups }: { readonly securityGroups: boolean },
  words: GroupWords,
): string | undefined {
  if (isSynchronised) {
    return `synchronised from on-premises: ${words.synchronised}`;
  }
  switch (type) {
    case 'MailUniversalDistributionGroup':
    case 'RoomList':
      return undefined;
    case 'MailUniversalSecurityGroup':
      return securityGroups
        ? undefined
        : 'a security group may give access: switched off by securityGroups: false';
    case 'GroupMailbox':
      return 'Microsoft 365 groups cannot be changed with app-only sign-in';
    case 'DynamicDistributionGroup':
      return words.dynamic;
    case 'RoleGroup':
      return `a role group gives rights to administrators: ${words.role}`;
    default:
      return `groups of type ${type} are not changed`;
  }
}
