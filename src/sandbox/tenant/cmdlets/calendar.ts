import type { Answer, Clock, Cmdlet } from '../cmdlet.ts';
import type { Directory } from '../directory.ts';
import { mailboxOf } from '../find.ts';
import { type Meeting, meetsBetween } from '../mailbox.ts';
import { invalidValue } from '../refusal.ts';
import { date, flag, type Values } from '../values.ts';

const LONGEST_WINDOW_DAYS = 1_825;
const DAY_MS = 86_400_000;

export const removeCalendarEvents: Cmdlet = {
  kind: 'write',
  parameters: [
    'Identity',
    'QueryWindowInDays',
    'QueryStartDate',
    'CancelOrganizedMeetings',
    'PreviewOnly',
  ],
  run: (directory, values, clock) => cancel(directory, values, clock),
};

/** Tells nothing that could be counted: the meetings go to the verbose stream, and "queued" is said of a preview too. */
function cancel(directory: Directory, values: Values, clock: Clock): Answer {
  const { guid } = mailboxOf(directory, values);
  const isHit = meetingsIn(windowOf(values, clock));
  if (!flag(values, 'CancelOrganizedMeetings') || flag(values, 'PreviewOnly')) {
    return {};
  }
  return {
    effect: (current) => {
      const { calendar } = current.get(guid).mailbox;
      const cancelled = calendar.meetings.filter(isHit);
      calendar.meetings = calendar.meetings.filter((one) => !isHit(one));
      calendar.cancellationRuns += 1;
      calendar.cancellationsSent += cancelled.reduce((sum, { attendees }) => sum + attendees, 0);
    },
  };
}

interface Window {
  readonly from: number;
  readonly to: number;
}

/** In days since the tenant was opened. */
function windowOf(values: Values, { now, openedAt }: Clock): Window {
  const days = Number(values['QueryWindowInDays']);
  if (!Number.isInteger(days) || days < 1 || days > LONGEST_WINDOW_DAYS) {
    throw invalidValue('QueryWindowInDays', String(values['QueryWindowInDays']));
  }
  const start = date(values, 'QueryStartDate') ?? now;
  const from = Math.floor(start.getTime() / DAY_MS) - Math.floor(openedAt.getTime() / DAY_MS);
  return { from, to: from + days };
}

/** Only what the mailbox's owner has called others to; a series goes as a whole. */
function meetingsIn({ from, to }: Window): (meeting: Meeting) => boolean {
  return (meeting) =>
    meeting.isOrganizer && meeting.attendees > 0 && meetsBetween(meeting, from, to);
}
