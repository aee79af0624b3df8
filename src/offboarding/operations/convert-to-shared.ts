import type { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import { section } from '../section.ts';
import type { Mailbox, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'convert-to-shared';
const settings = section({});

/**
 * Makes the mailbox shared, so that the licence can go and the mail stays. Reads nothing of its own:
 * the mailbox's type is part of every snapshot.
 */
export const convertToShared: OperationKind<z.infer<typeof settings>> = {
  name: NAME,
  settings,
  configure: () => ({
    name: NAME,
    reads: () => [],
    plan: ({ mailbox }) => ({ ...planFor(mailbox), seen: { type: mailbox.type } }),
  }),
};

function planFor(mailbox: Mailbox): Omit<OperationPlan, 'seen'> {
  if (mailbox.type === 'SharedMailbox') {
    return { changes: [], findings: [], skipped: [] };
  }
  if (mailbox.type !== 'UserMailbox') {
    const sentence = `The mailbox is a ${mailbox.type}; only a user mailbox can be made shared.`;
    return {
      changes: [],
      findings: [{ code: 'mailbox-not-convertible', severity: 'stop', sentence }],
      skipped: [],
    };
  }
  return {
    changes: [
      {
        id: NAME,
        operation: NAME,
        sentence: 'Make the mailbox shared',
        call: call('Set-Mailbox', { Identity: mailbox.guid, Type: 'Shared', Confirm: false }),
        required: true,
        tolerates: [],
      },
    ],
    findings: mailbox.isSynchronised ? [FLIPS_BACK] : [],
    skipped: [],
  };
}

/** https://learn.microsoft.com/exchange/recipients-in-exchange-online/manage-user-mailboxes/convert-a-mailbox */
const FLIPS_BACK = {
  code: 'mailbox-synchronised',
  severity: 'warn',
  sentence:
    'The mailbox is mastered on-premises: run Set-RemoteMailbox -Type Shared there too, ' +
    'or the next synchronisation may turn it back.',
} as const;
