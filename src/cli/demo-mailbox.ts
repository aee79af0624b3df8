import { isDeepStrictEqual } from 'node:util';
import type { State } from '../sandbox/tenant/state.ts';

/** What the demo lets the service do to the leaver's mailbox. */
export const DEMO_OPERATIONS = {
  'auto-reply': {
    internal: '{{person.name}} has left. Please write to {{manager.name}}, {{manager.email}}.',
  },
  forwarding: {},
  'delegate-access': {},
  'leave-groups': {},
  'convert-to-shared': {},
} as const;

/** What was asked for, seen from the tenant's side. */
export function isAsAsked(after: State, manager: string): boolean {
  const left = after.groups.filter(
    ({ type, isDirSynced }) => type === 'MailUniversalDistributionGroup' && !isDirSynced,
  );
  return (
    after.type === 'SharedMailbox' &&
    repliesOf(after) === 'on' &&
    forwardingOf(after) === manager &&
    after.fullAccess.includes(manager) &&
    after.sendAs.includes(manager) &&
    left.length === 0
  );
}

/** Whether everything the demo changes is as it was. */
export function isAsBefore(now: State, before: State): boolean {
  const seen = (state: State) => [
    rowsOf(state, state),
    state.groups.map(({ guid }) => guid).sort(),
  ];
  return isDeepStrictEqual(seen(now), seen(before));
}

/** A table of what the demo changes; who has nothing, has it with nobody. */
export function rowsOf(
  before: State,
  after: State,
): readonly (readonly [string, string, string])[] {
  const row = (what: string, look: (state: State) => string) =>
    [what, look(before), look(after)] as const;
  const names = (all: readonly string[]) => all.join(', ') || 'nobody';
  return [
    row('type', ({ type }) => type),
    row('reply', repliesOf),
    row('forwarding', (state) => forwardingOf(state) ?? 'nobody'),
    row('Full Access', ({ fullAccess }) => names(fullAccess)),
    row('Send As', ({ sendAs }) => names(sendAs)),
    row('groups', ({ groups }) => String(groups.length)),
  ];
}

function repliesOf({ mailbox }: State): string {
  return mailbox === undefined || mailbox.autoReply.state === 'Disabled' ? 'off' : 'on';
}

function forwardingOf({ mailbox }: State): string | undefined {
  return mailbox?.forwarding.recipient ?? mailbox?.forwarding.smtpAddress ?? undefined;
}
