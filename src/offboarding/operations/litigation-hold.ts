import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Mailbox } from '../mailbox.ts';
import { section } from '../section.ts';
import type { Change, Operation, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'litigation-hold';

const settings = section({
  /** From the day a message came; without it for ever. */
  days: z.int().min(1).max(36_500).optional(),
});
type Settings = z.infer<typeof settings>;

const seen = z.object({ isOn: z.boolean(), duration: z.string() });
type Seen = z.infer<typeof seen>;

const NEEDS_LICENCE: FindingKind = { code: 'hold-needs-licence', byDefault: 'warn' };
const FOR_EVER = 'Unlimited';

/** Keeps everything in the mailbox, also what is deleted. A hold that is there is never made shorter. */
export const litigationHold: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [NEEDS_LICENCE],
  roles: [
    { role: 'Mail Recipients', because: 'to read the hold' },
    { role: 'Legal Hold', because: 'to set the hold' },
  ],
  seen,
  configure: ({ days }) => ({
    name: NAME,
    reads: () => [],
    plan: ({ mailbox }) => planFor(mailbox, days === undefined ? FOR_EVER : `${days}`),
  }),
  restore,
  describe: ({ isOn, duration }) => [isOn ? `Litigation hold: ${duration}` : 'No litigation hold'],
};

function planFor(mailbox: Mailbox, wanted: string): OperationPlan<Seen> {
  const now = mailbox.litigationHold;
  const base = { changes: [], findings: [], skipped: [], seen: { ...now } };
  if (!now.isOn) {
    const sentence = wanted === FOR_EVER ? 'for ever' : `for ${wanted} days`;
    const on = change(mailbox, `Put the mailbox on litigation hold ${sentence}`, true, wanted);
    return { ...base, changes: [on], findings: [LICENCE] };
  }
  if (daysOf(now.duration) > daysOf(wanted)) {
    const reason = `a hold of ${now.duration} is there and is not made shorter`;
    return { ...base, skipped: [{ operation: NAME, what: 'litigation hold', reason }] };
  }
  return daysOf(now.duration) === daysOf(wanted)
    ? base
    : { ...base, changes: [change(mailbox, 'Make the litigation hold longer', true, wanted)] };
}

function change(mailbox: Mailbox, sentence: string, isOn: boolean, duration: string): Change {
  return {
    id: NAME,
    operation: NAME,
    sentence,
    call: call('Set-Mailbox', {
      Identity: mailbox.guid,
      LitigationHoldEnabled: isOn,
      LitigationHoldDuration: duration,
      Confirm: false,
    }),
    required: true,
  };
}

/** Days are given as a number and shown as a time span, `2555.00:00:00`. What is no number is no end. */
function daysOf(duration: string): number {
  const days = /^(\d+)(\.|$)/.exec(duration)?.[1];
  return days === undefined ? Number.POSITIVE_INFINITY : Number(days);
}

function restore(before: Seen): Operation<Seen> {
  const days = daysOf(before.duration);
  const duration = Number.isFinite(days) ? `${days}` : FOR_EVER;
  return {
    name: NAME,
    reads: () => [],
    plan: ({ mailbox }) => {
      const now = mailbox.litigationHold;
      const isSo = now.isOn === before.isOn && daysOf(now.duration) === days;
      const back = change(mailbox, 'Put the litigation hold back as it was', before.isOn, duration);
      return { changes: isSo ? [] : [back], findings: [], skipped: [], seen: { ...now } };
    },
  };
}

const LICENCE: Finding = {
  kind: NEEDS_LICENCE,
  sentence:
    'A mailbox on hold needs a licence with Exchange Online Plan 2 or archiving, also when it is shared.',
  unlessMade: NAME,
};
