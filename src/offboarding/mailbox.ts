import { z } from 'zod';
import { type Call, call } from '../cmdlets/call.ts';
import type { Identity } from '../cmdlets/identity.ts';
import { ServiceError } from '../errors.ts';
import { addressesCell, guidCell, textsCell } from './cells.ts';
import type { Exchange } from './ports.ts';

/** The leaver's mailbox as it was when the snapshot began: all that one reading gives to the operations. */
export interface Mailbox {
  readonly guid: Identity;
  readonly distinguishedName: string;
  readonly address: string;
  /** Every mail address it has, in lower case. */
  readonly addresses: readonly string[];
  readonly displayName: string;
  /** `RecipientTypeDetails`: `UserMailbox`, `SharedMailbox` … */
  readonly type: string;
  /** Mastered in an on-premises directory. */
  readonly isSynchronised: boolean;
  readonly isHidden: boolean;
  readonly forwarding: {
    /** A recipient of the organisation as Exchange shows it, which is mostly a name; it wins over the other. */
    readonly recipient: string | undefined;
    /** Any address, without `smtp:`. */
    readonly smtpAddress: string | undefined;
    readonly keepsCopy: boolean;
  };
  readonly litigationHold: {
    readonly isOn: boolean;
    /** `Unlimited` or a time span such as `2555.00:00:00`. */
    readonly duration: string;
  };
  readonly inPlaceHolds: readonly string[];
  readonly hasArchive: boolean;
  /** Copies of what others send as, or on behalf of, the mailbox are kept in it. */
  readonly sentCopies: { readonly sentAs: boolean; readonly onBehalf: boolean };
}

const NO_GUID = /^[0-]*$/;

const mailboxRow = z
  .object({
    Guid: guidCell,
    DistinguishedName: z.string().min(1),
    PrimarySmtpAddress: z.string(),
    EmailAddresses: addressesCell,
    DisplayName: z.string(),
    RecipientTypeDetails: z.string().min(1),
    IsDirSynced: z.boolean().nullish(),
    HiddenFromAddressListsEnabled: z.boolean(),
    ForwardingAddress: z.string().nullish(),
    ForwardingSmtpAddress: z.string().nullish(),
    DeliverToMailboxAndForward: z.boolean(),
    LitigationHoldEnabled: z.boolean(),
    LitigationHoldDuration: z.string().nullish(),
    InPlaceHolds: textsCell,
    ArchiveStatus: z.string().nullish(),
    ArchiveGuid: z.string().nullish(),
    MessageCopyForSentAsEnabled: z.boolean(),
    MessageCopyForSendOnBehalfEnabled: z.boolean(),
  })
  .transform(
    (row): Mailbox => ({
      guid: row.Guid,
      distinguishedName: row.DistinguishedName,
      address: row.PrimarySmtpAddress,
      addresses: row.EmailAddresses,
      displayName: row.DisplayName,
      type: row.RecipientTypeDetails,
      isSynchronised: row.IsDirSynced === true,
      isHidden: row.HiddenFromAddressListsEnabled,
      forwarding: {
        recipient: row.ForwardingAddress || undefined,
        smtpAddress: row.ForwardingSmtpAddress?.replace(/^smtp:/i, '') || undefined,
        keepsCopy: row.DeliverToMailboxAndForward,
      },
      litigationHold: {
        isOn: row.LitigationHoldEnabled,
        duration: row.LitigationHoldDuration ?? 'Unlimited',
      },
      inPlaceHolds: row.InPlaceHolds,
      hasArchive: row.ArchiveStatus === 'Active' || !NO_GUID.test(row.ArchiveGuid ?? ''),
      sentCopies: {
        sentAs: row.MessageCopyForSentAsEnabled,
        onBehalf: row.MessageCopyForSendOnBehalfEnabled,
      },
    }),
  );

/** Every property of the schema: what is read and what is understood are one list. */
const PROPERTIES = Object.keys(mailboxRow.in.shape);

/** Reads the mailbox. Throws `exchange.answer-invalid` unless the answer is exactly the one asked for. */
export async function readMailbox(
  guid: Identity,
  read: (call: Call) => ReturnType<Exchange['read']>,
): Promise<Mailbox> {
  const rows = await read(call('Get-Mailbox', { Identity: guid }, PROPERTIES));
  const parsed = z.tuple([mailboxRow]).safeParse(rows);
  // An identity Exchange does not like may return every mailbox.
  if (!parsed.success || parsed.data[0].guid.toLowerCase() !== guid.toLowerCase()) {
    throw new ServiceError(
      'exchange.answer-invalid',
      'not exactly the mailbox that was asked for',
      { facts: { rows: rows.length }, cause: parsed.error },
    );
  }
  return parsed.data[0];
}
