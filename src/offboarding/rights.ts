import { z } from 'zod';
import { type Call, call, listChange } from '../cmdlets/call.ts';
import type { Identity } from '../cmdlets/identity.ts';
import { opathText } from '../cmdlets/opath.ts';
import { namesCell, parseCells } from './cells.ts';
import type { Cells, Recipient } from './ports.ts';

export const RIGHT_NAMES = ['Full Access', 'Send As', 'Send on Behalf'] as const;

/**
 * A right on a mailbox that somebody may hold. It is read for one delegate, so that the server decides
 * who that is: a permission list may show names, and names repeat.
 */
export interface Right {
  readonly name: (typeof RIGHT_NAMES)[number];
  read(mailbox: Identity, delegate: Pick<Recipient, 'guid' | 'distinguishedName'>): Call;
  isHeld(answer: readonly Cells[]): boolean;
  grant(mailbox: Identity, delegate: Identity): Call;
  revoke(mailbox: Identity, delegate: Identity): Call;
}

const mailboxPermission = z.object({
  AccessRights: namesCell,
  IsInherited: z.boolean(),
  Deny: z.boolean(),
});

/** `autoMapping`: the mailbox opens by itself in the delegate's Outlook. It cannot be read back. */
export function fullAccess(autoMapping: boolean): Right {
  return {
    name: 'Full Access',
    read: (mailbox, { guid }) =>
      call('Get-MailboxPermission', { Identity: mailbox, User: guid }, [
        'User',
        'AccessRights',
        'IsInherited',
        'Deny',
      ]),
    isHeld: (answer) =>
      answer
        .map((row) => parseCells(mailboxPermission, row, 'a permission entry'))
        .some(
          (entry) => entry.AccessRights.includes('FullAccess') && !entry.Deny && !entry.IsInherited,
        ),
    grant: (mailbox, delegate) =>
      call('Add-MailboxPermission', {
        Identity: mailbox,
        User: delegate,
        AccessRights: ['FullAccess'],
        InheritanceType: 'All',
        AutoMapping: autoMapping,
        Confirm: false,
      }),
    revoke: (mailbox, delegate) =>
      call('Remove-MailboxPermission', {
        Identity: mailbox,
        User: delegate,
        AccessRights: ['FullAccess'],
        InheritanceType: 'All',
        Confirm: false,
      }),
  };
}

const recipientPermission = z.object({
  AccessRights: namesCell,
  AccessControlType: z.string().nullish(),
});

export const SEND_AS: Right = {
  name: 'Send As',
  read: (mailbox, { guid }) =>
    call(
      'Get-RecipientPermission',
      { Identity: mailbox, Trustee: guid, AccessRights: ['SendAs'] },
      ['Trustee', 'AccessRights', 'AccessControlType'],
    ),
  isHeld: (answer) =>
    answer
      .map((row) => parseCells(recipientPermission, row, 'a permission entry'))
      .some((entry) => entry.AccessRights.includes('SendAs') && entry.AccessControlType !== 'Deny'),
  grant: (mailbox, delegate) =>
    call('Add-RecipientPermission', {
      Identity: mailbox,
      Trustee: delegate,
      AccessRights: ['SendAs'],
      Confirm: false,
    }),
  revoke: (mailbox, delegate) =>
    call('Remove-RecipientPermission', {
      Identity: mailbox,
      Trustee: delegate,
      AccessRights: ['SendAs'],
      Confirm: false,
    }),
};

/** The list of a mailbox shows names; a filter with the distinguished name is answered exactly. */
export const SEND_ON_BEHALF: Right = {
  name: 'Send on Behalf',
  read: (mailbox, { distinguishedName }) =>
    call(
      'Get-Mailbox',
      {
        Filter: `Guid -eq ${opathText(mailbox)} -and GrantSendOnBehalfTo -eq ${opathText(distinguishedName)}`,
      },
      ['Guid'],
    ),
  isHeld: (answer) => answer.length > 0,
  grant: (mailbox, delegate) =>
    call('Set-Mailbox', {
      Identity: mailbox,
      GrantSendOnBehalfTo: listChange({ add: [delegate] }),
      Confirm: false,
    }),
  revoke: (mailbox, delegate) =>
    call('Set-Mailbox', {
      Identity: mailbox,
      GrantSendOnBehalfTo: listChange({ remove: [delegate] }),
      Confirm: false,
    }),
};
