import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Mailbox } from '../mailbox.ts';
import { section } from '../section.ts';
import type { OperationKind } from './operation.ts';

const NAME = 'cancel-meetings';

const settings = section({
  /** From the day it is done. Exchange looks no further ahead than five years. */
  days: z.int().min(1).max(1_825),
});
type Settings = z.infer<typeof settings>;

const seen = z.object({ days: z.int() });
type Seen = z.infer<typeof seen>;

const FOR_GOOD: FindingKind = { code: 'meetings-cancelled-for-good', byDefault: 'warn' };

/**
 * Cancels the meetings the person has called others to. Nothing tells afterwards whether it happened: it is
 * done when Exchange has taken the order, and an order that may have been taken is never given again.
 */
export const cancelMeetings: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [FOR_GOOD],
  roles: [{ role: 'Mail Recipients', because: 'to cancel meetings' }],
  seen,
  configure: ({ days }) => ({
    name: NAME,
    reads: ({ mailbox }) => [
      call('Remove-CalendarEvents', { ...cancelling(mailbox, days), PreviewOnly: true }),
    ],
    plan: ({ mailbox }) => ({
      changes: [
        {
          id: NAME,
          operation: NAME,
          sentence: `Cancel the meetings the person organises in the next ${days} days`,
          call: call('Remove-CalendarEvents', cancelling(mailbox, days)),
          required: true,
          once: true,
          irreversible: true,
        },
      ],
      findings: [CANCELLED_FOR_GOOD],
      skipped: [],
      seen: { days },
    }),
  }),
  describe: ({ days }) => [
    `Meetings of the next ${days} days: Exchange accepts a preview, but does not count them`,
  ],
};

/** Without a start the server takes its own day. */
function cancelling({ guid }: Mailbox, days: number) {
  return {
    Identity: guid,
    CancelOrganizedMeetings: true,
    QueryWindowInDays: days,
    Confirm: false,
  };
}

/** https://learn.microsoft.com/powershell/module/exchangepowershell/remove-calendarevents */
const CANCELLED_FOR_GOOD: Finding = {
  kind: FOR_GOOD,
  sentence:
    'Cancelled meetings do not come back: everybody invited gets a cancellation, and a series is cancelled as a whole.',
  unlessMade: NAME,
};
