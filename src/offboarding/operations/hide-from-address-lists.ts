import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Mailbox } from '../mailbox.ts';
import { section } from '../section.ts';
import type { Change, Operation, OperationKind } from './operation.ts';

const NAME = 'hide-from-address-lists';
const settings = section({});
const seen = z.object({ isHidden: z.boolean() });
type Seen = z.infer<typeof seen>;

const KINDS = {
  onPremises: { code: 'hide-on-premises', byDefault: 'warn' },
  sendAs: { code: 'hidden-no-send-as', byDefault: 'warn' },
} as const satisfies Record<string, FindingKind>;

/** Takes the mailbox out of the address lists. Runs last: rights cannot be given to a hidden mailbox's users. */
export const hideFromAddressLists: OperationKind<z.infer<typeof settings>, Seen> = {
  name: NAME,
  settings,
  findings: Object.values(KINDS),
  roles: [{ role: 'Mail Recipients', because: 'to hide the mailbox' }],
  seen,
  configure: () => showing(true),
  restore: (before) => showing(before.isHidden),
  describe: ({ isHidden }) => [isHidden ? 'Hidden from the address lists' : 'In the address lists'],
};

function showing(isHidden: boolean): Operation<Seen> {
  return {
    name: NAME,
    reads: () => [],
    plan: ({ mailbox }) => {
      const differs = mailbox.isHidden !== isHidden;
      return {
        changes: differs && !mailbox.isSynchronised ? [change(mailbox, isHidden)] : [],
        findings: differs ? findingsFor(mailbox, isHidden) : [],
        skipped: [],
        seen: { isHidden: mailbox.isHidden },
      };
    },
  };
}

function change(mailbox: Mailbox, isHidden: boolean): Change {
  return {
    id: NAME,
    operation: NAME,
    sentence: isHidden
      ? 'Hide the mailbox from the address lists'
      : 'Show the mailbox in the address lists again',
    call: call('Set-Mailbox', {
      Identity: mailbox.guid,
      HiddenFromAddressListsEnabled: isHidden,
      Confirm: false,
    }),
    required: true,
  };
}

function findingsFor(mailbox: Mailbox, isHidden: boolean): readonly Finding[] {
  if (mailbox.isSynchronised) {
    const what = isHidden ? 'hide it there (msExchHideFromAddressLists)' : 'show it there';
    return [{ kind: KINDS.onPremises, sentence: `The mailbox is mastered on-premises: ${what}.` }];
  }
  return isHidden ? [{ kind: KINDS.sendAs, sentence: NO_SEND_AS, unlessMade: NAME }] : [];
}

/** https://learn.microsoft.com/exchange/recipients-in-exchange-online/manage-permissions-for-recipients */
const NO_SEND_AS =
  'Delegates cannot open a hidden mailbox or send from it until it is shown again.';
