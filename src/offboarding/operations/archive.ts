import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Mailbox } from '../mailbox.ts';
import { section } from '../section.ts';
import type { Change, OperationKind } from './operation.ts';

const NAME = 'archive';
const settings = section({});
const seen = z.object({ hasArchive: z.boolean() });
type Seen = z.infer<typeof seen>;

const NEEDS_LICENCE: FindingKind = { code: 'archive-needs-licence', byDefault: 'warn' };

/**
 * Gives the mailbox an archive. There is no way back: to switch it off again would take away what has been
 * moved there since.
 */
export const archive: OperationKind<z.infer<typeof settings>, Seen> = {
  name: NAME,
  settings,
  findings: [NEEDS_LICENCE],
  roles: [{ role: 'Mail Recipients', because: 'to switch the archive on' }],
  seen,
  configure: () => ({
    name: NAME,
    reads: () => [],
    plan: ({ mailbox }) => ({
      changes: mailbox.hasArchive ? [] : [change(mailbox)],
      findings: mailbox.hasArchive ? [] : [LICENCE],
      skipped: [],
      seen: { hasArchive: mailbox.hasArchive },
    }),
  }),
  describe: ({ hasArchive }) => [hasArchive ? 'Has an archive' : 'No archive'],
};

function change(mailbox: Mailbox): Change {
  return {
    id: NAME,
    operation: NAME,
    sentence: 'Give the mailbox an archive',
    call: call('Enable-Mailbox', { Identity: mailbox.guid, Archive: true, Confirm: false }),
    required: true,
    // Mastered on-premises: Enable-RemoteMailbox -Archive is run there.
    tolerates: ['exchange.synchronised'],
  };
}

const LICENCE: Finding = {
  kind: NEEDS_LICENCE,
  sentence:
    'An archive needs a licence with Exchange Online Plan 2 or archiving, which must stay when the mailbox is shared.',
  unlessMade: NAME,
};
