import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import { section } from '../section.ts';
import type { Operation, OperationKind } from './operation.ts';

const NAME = 'sent-copies';

const settings = section({
  /** Of what others send as the mailbox. */
  sentAs: z.boolean().default(true),
  /** Of what others send on behalf of it. */
  onBehalf: z.boolean().default(true),
}).refine(({ sentAs, onBehalf }) => sentAs || onBehalf, 'switch on sentAs, onBehalf or both');
type Settings = z.infer<typeof settings>;

const seen = z.object({ sentAs: z.boolean(), onBehalf: z.boolean() });
type Seen = z.infer<typeof seen>;

/** Keeps a copy, in the mailbox itself, of what others send in its name: otherwise only they have it. */
export const sentCopies: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [],
  roles: [{ role: 'Mail Recipients', because: 'to keep copies of sent messages' }],
  seen,
  // What is kept already stays kept: an administrator may have wanted both.
  configure: (chosen) =>
    keeping(
      (now) => ({ sentAs: chosen.sentAs || now.sentAs, onBehalf: chosen.onBehalf || now.onBehalf }),
      'Keep copies of what others send in the name of the mailbox',
    ),
  restore: (before) => keeping(() => before, 'Keep copies of sent messages as before'),
  describe: ({ sentAs, onBehalf }) => [
    `Copies of messages sent as it: ${sentAs ? 'kept' : 'not kept'}`,
    `Copies of messages sent on its behalf: ${onBehalf ? 'kept' : 'not kept'}`,
  ],
};

function keeping(wantedFrom: (now: Seen) => Seen, sentence: string): Operation<Seen> {
  return {
    name: NAME,
    reads: () => [],
    plan: ({ mailbox: { guid, sentCopies: now } }) => {
      const wanted = wantedFrom(now);
      const isSo = wanted.sentAs === now.sentAs && wanted.onBehalf === now.onBehalf;
      const change = {
        id: NAME,
        operation: NAME,
        sentence,
        call: call('Set-Mailbox', {
          Identity: guid,
          MessageCopyForSentAsEnabled: wanted.sentAs,
          MessageCopyForSendOnBehalfEnabled: wanted.onBehalf,
          Confirm: false,
        }),
        required: true,
      };
      return { changes: isSo ? [] : [change], findings: [], skipped: [], seen: { ...now } };
    },
  };
}
