import { z } from 'zod';
import { call, NOTHING } from '../../cmdlets/call.ts';
import { parseOnly } from '../cells.ts';
import { ABSENCES, absence } from '../delegates.ts';
import { readableText } from '../html.ts';
import type { Cells } from '../ports.ts';
import { section } from '../section.ts';
import type { Subject } from '../subject.ts';
import { fillIn, mentions, type Template, templateSetting } from '../template.ts';
import type { Change, Operation, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'auto-reply';

/** Without an audience of its own an external text is for everybody, as with Exchange. */
const AUDIENCES = { none: 'None', known: 'Known', all: 'All' } as const;

const settings = section({
  /** To colleagues. */
  internal: templateSetting,
  /** To everybody else. */
  external: templateSetting.optional(),
  /** Who else: nobody, those in the leaver's contacts, everybody. */
  audience: z.enum(['none', 'known', 'all']).optional(),
  /** Whether the texts are HTML already. */
  html: z.boolean().default(false),
  /** For how many days, from the day it is set; without it until somebody switches it off. */
  days: z.int().min(1).max(3_650).optional(),
})
  .refine(({ audience = 'none', external }) => audience === 'none' || external !== undefined, {
    path: ['external'],
    error: 'must be given with audience: known or all',
  })
  .refine(({ audience, external }) => audience !== 'none' || external === undefined, {
    path: ['audience'],
    error: 'must be known or all where there is an external text',
  });
type Settings = z.infer<typeof settings>;

const seen = z.object({
  state: z.enum(['Disabled', 'Enabled', 'Scheduled']),
  /** HTML. */
  internal: z.string(),
  external: z.string(),
  audience: z.enum(['None', 'Known', 'All']),
  /** ISO 8601 in UTC; means something where the state is `Scheduled`. */
  startsAt: z.string().optional(),
  endsAt: z.string().optional(),
});
type Seen = z.infer<typeof seen>;

/** What a reply is to be; what is left out stays as it is. */
type Wanted = Omit<Seen, 'external'> & { readonly external?: string };

/** Answers whoever writes to the leaver. */
export const autoReply: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: ABSENCES,
  roles: [{ role: 'Mail Recipients', because: 'to read and set automatic replies' }],
  seen,
  configure: (chosen) => ({
    name: NAME,
    reads,
    plan: (subject, [rows = []]) => planFor(chosen, subject, parseReply(rows)),
  }),
  restore,
  describe: ({ state, internal, external, audience, endsAt }) => [
    `Automatic reply: ${state}${state === 'Scheduled' && endsAt !== undefined ? ` until ${endsAt}` : ''}`,
    ...(state === 'Disabled' ? [] : [`To colleagues: ${readableText(internal)}`]),
    ...(state === 'Disabled' || audience === 'None'
      ? []
      : [`To others (${audience}): ${readableText(external)}`]),
  ],
};

function reads({ mailbox }: Subject) {
  return [call('Get-MailboxAutoReplyConfiguration', { Identity: mailbox.guid }, PROPERTIES)];
}

const replyRow = z
  .object({
    AutoReplyState: seen.shape.state,
    InternalMessage: z.string().nullish(),
    ExternalMessage: z.string().nullish(),
    ExternalAudience: seen.shape.audience,
    StartTime: z.string().nullish(),
    EndTime: z.string().nullish(),
  })
  .transform(
    (row): Seen => ({
      state: row.AutoReplyState,
      internal: row.InternalMessage ?? '',
      external: row.ExternalMessage ?? '',
      audience: row.ExternalAudience,
      ...(row.StartTime ? { startsAt: row.StartTime } : {}),
      ...(row.EndTime ? { endsAt: row.EndTime } : {}),
    }),
  );
const PROPERTIES = Object.keys(replyRow.in.shape);

function parseReply(rows: readonly Cells[]): Seen {
  return parseOnly(replyRow, rows, 'the automatic replies of a mailbox');
}

function planFor(chosen: Settings, subject: Subject, now: Seen): OperationPlan<Seen> {
  const base = { changes: [], findings: [], skipped: [], seen: now };
  const { manager } = subject;
  if (manager.kind !== 'found' && textsOf(chosen).some((text) => mentions(text, 'manager.'))) {
    // Better no reply than one that sends people to nobody.
    return { ...base, findings: [absence(manager, 'no automatic reply was set')] };
  }
  const wanted = wantedBy(chosen, subject);
  const isSo =
    isSame(wanted, now) && (chosen.days === undefined || isInForce(now, chosen, subject));
  return isSo ? base : { ...base, changes: [change(subject, sentenceFor(chosen), wanted)] };
}

function textsOf({ internal, external }: Settings): readonly Template[] {
  return external === undefined ? [internal] : [internal, external];
}

function wantedBy(chosen: Settings, subject: Subject): Wanted {
  const filledIn = (text: Template) => fillIn(text, valuesOf(subject), chosen.html);
  return {
    state: chosen.days === undefined ? 'Enabled' : 'Scheduled',
    internal: filledIn(chosen.internal),
    ...(chosen.external === undefined ? {} : { external: filledIn(chosen.external) }),
    audience: AUDIENCES[audienceOf(chosen)],
    ...(chosen.days === undefined ? {} : periodOf(chosen.days, subject)),
  };
}

function audienceOf({ audience, external }: Settings): keyof typeof AUDIENCES {
  return audience ?? (external === undefined ? 'none' : 'all');
}

function valuesOf({ person, manager }: Subject) {
  const { displayName, address } =
    manager.kind === 'found' ? manager.recipient : { displayName: '', address: '' };
  return { 'person.name': person.name, 'manager.name': displayName, 'manager.email': address };
}

const DAY_MS = 86_400_000;

/** Whole days, so that every reading of a day plans the same. */
function periodOf(days: number, { readAt }: Subject) {
  const startsAt = Date.parse(readAt.slice(0, 10));
  return { startsAt: isoOf(startsAt), endsAt: isoOf(startsAt + days * DAY_MS) };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Exchange rewrites markup: texts are compared as a reader sees them. */
function isSame(wanted: Wanted, now: Seen): boolean {
  return (
    wanted.state === now.state &&
    wanted.audience === now.audience &&
    readableText(wanted.internal) === readableText(now.internal) &&
    (wanted.external === undefined || readableText(wanted.external) === readableText(now.external))
  );
}

/** A reply set on an earlier day keeps its end; of its dates a time zone may make a few hours. */
function isInForce({ startsAt = '', endsAt = '' }: Seen, { days = 0 }: Settings, subject: Subject) {
  const lastsMs = Date.parse(endsAt) - Date.parse(startsAt);
  return (
    Math.abs(lastsMs - days * DAY_MS) < DAY_MS / 2 &&
    Date.parse(endsAt) > Date.parse(subject.readAt)
  );
}

function sentenceFor(chosen: Settings): string {
  const others = {
    none: '',
    known: ' and to known senders outside',
    all: ' and to everybody else',
  };
  const period = chosen.days === undefined ? '' : ` for ${chosen.days} days`;
  return `Reply automatically to colleagues${others[audienceOf(chosen)]}${period}`;
}

function change({ mailbox }: Subject, sentence: string, wanted: Wanted): Change {
  const { state, internal, external, audience, startsAt, endsAt } = wanted;
  return {
    id: NAME,
    operation: NAME,
    sentence,
    call: call('Set-MailboxAutoReplyConfiguration', {
      Identity: mailbox.guid,
      AutoReplyState: state,
      InternalMessage: orNothing(internal),
      ...(external === undefined ? {} : { ExternalMessage: orNothing(external) }),
      ExternalAudience: audience,
      ...(startsAt === undefined ? {} : { StartTime: startsAt }),
      ...(endsAt === undefined ? {} : { EndTime: endsAt }),
      Confirm: false,
    }),
    required: true,
  };
}

function orNothing(text: string) {
  return text.trim() === '' ? NOTHING : text;
}

function restore(before: Seen): Operation<Seen> {
  return {
    name: NAME,
    reads,
    plan: (subject, [rows = []]) => {
      const now = parseReply(rows);
      const back = change(subject, 'Put the automatic replies back as they were', before);
      const isSo =
        isSame(before, now) && (before.state !== 'Scheduled' || isSamePeriod(before, now));
      return { changes: isSo ? [] : [back], findings: [], skipped: [], seen: now };
    },
  };
}

function isSamePeriod(one: Seen, other: Seen): boolean {
  return one.startsAt === other.startsAt && one.endsAt === other.endsAt;
}
