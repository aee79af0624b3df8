import { changing } from '../change.ts';
import type { Answer, Cmdlet } from '../cmdlet.ts';
import type { Directory, Recipient } from '../directory.ts';
import { mailboxOf } from '../find.ts';
import type { AutoReply } from '../mailbox.ts';
import { incompleteAutoReply, mailboxFull } from '../refusal.ts';
import { choice, date, isGiven, text, type Values } from '../values.ts';

export const getMailboxAutoReplyConfiguration: Cmdlet = {
  kind: 'read',
  parameters: ['Identity'],
  run: (directory, values) => {
    const one = mailboxOf(directory, values);
    const { autoReply } = one.mailbox;
    const configuration = {
      Identity: one.name,
      MailboxOwnerId: one.name,
      AutoReplyState: autoReply.state,
      InternalMessage: autoReply.internal,
      ExternalMessage: autoReply.external,
      ExternalAudience: autoReply.audience,
      StartTime: { $date: autoReply.startsAt },
      EndTime: { $date: autoReply.endsAt },
    };
    return { objects: [configuration] };
  },
};

export const setMailboxAutoReplyConfiguration: Cmdlet = {
  kind: 'write',
  parameters: [
    'Identity',
    'AutoReplyState',
    'InternalMessage',
    'ExternalMessage',
    'ExternalAudience',
    'StartTime',
    'EndTime',
  ],
  run: (directory, values) => configure(directory, values),
};

function configure(directory: Directory, values: Values): Answer {
  const one = mailboxOf(directory, values);
  const wanted = merged(one.mailbox.autoReply, values);
  assertComplete(wanted);
  assertRoom(one);
  const { effect } = changing(one, ({ mailbox }) => {
    mailbox.autoReply = wanted;
  });
  // Unlike the other cmdlets this one does not say that nothing was changed.
  return effect === undefined ? {} : { effect };
}

function merged(before: AutoReply, values: Values): AutoReply {
  const message = (name: string, old: string) =>
    isGiven(values, name) ? asHtml(text(values, name) ?? '') : old;
  return {
    state: choice(values, 'AutoReplyState', ['Disabled', 'Enabled', 'Scheduled']) ?? before.state,
    internal: message('InternalMessage', before.internal),
    external: message('ExternalMessage', before.external),
    audience: choice(values, 'ExternalAudience', ['None', 'Known', 'All']) ?? before.audience,
    startsAt: date(values, 'StartTime')?.toISOString() ?? before.startsAt,
    endsAt: date(values, 'EndTime')?.toISOString() ?? before.endsAt,
  };
}

/** The service puts tags around what has none; line breaks and all, which its documentation leaves out. */
function asHtml(message: string): string {
  return message === '' || /<html[\s>]/i.test(message)
    ? message
    : `<html>\n<body>\n${message}\n</body>\n</html>\n`;
}

function assertComplete({ state, internal, external, audience, startsAt, endsAt }: AutoReply) {
  if (state !== 'Disabled' && internal === '') {
    throw incompleteAutoReply('an internal message');
  }
  if (state !== 'Disabled' && audience !== 'None' && external === '') {
    throw incompleteAutoReply('an external message for this audience');
  }
  if (state === 'Scheduled' && endsAt <= startsAt) {
    throw incompleteAutoReply('an end after their start');
  }
}

function assertRoom({ name, mailbox }: Recipient): void {
  if (mailbox.sizeBytes >= mailbox.quotaBytes) {
    throw mailboxFull(name);
  }
}
