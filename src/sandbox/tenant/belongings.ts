import type { Belongings, DeviceRole, MeetingRole, Role, RuleRole } from './cast.ts';
import {
  emptyMailbox,
  type InboxRule,
  type Mailbox,
  type Meeting,
  type MobileDevice,
} from './mailbox.ts';
import type { Seeded } from './seeded.ts';

const GIGABYTE = 2 ** 30;
const MEGABYTE = 2 ** 20;

/** Somebody's mailbox: what the story gives them, the rest by chance. */
export function mailboxOf(seeded: Seeded, role: Role, createdAt: string): Mailbox {
  const { mailName, mailbox: given = {} } = role;
  const empty = emptyMailbox(createdAt);
  const has = { ...byChance(seeded, mailName), ...given };
  const rules = has.rules.map((rule, index) => ruleOf(seeded, mailName, rule, index));
  return {
    ...empty,
    ...holdsOf(seeded, mailName, has, createdAt),
    isLicensed: has.isLicensed ?? true,
    sizeBytes: has.isFull === true ? empty.quotaBytes : sizeOf(seeded, mailName, has.gigabytes),
    grantSendOnBehalfTo: new Set(has.sendOnBehalf?.map((name) => seeded.guid(name))),
    rules: [...rules, junkRule(seeded, mailName)],
    outlookRules: has.outlookRules ?? [],
    devices: has.devices.map((device, index) => deviceOf(seeded, mailName, device, index)),
    calendar: { ...empty.calendar, meetings: has.meetings.map(meetingOf) },
  };
}

function sizeOf(seeded: Seeded, mailName: string, gigabytes: number | undefined): number {
  return gigabytes === undefined
    ? (1 + seeded.number(`size:${mailName}`, 20_000)) * MEGABYTE
    : gigabytes * GIGABYTE;
}

/** What people have without a story: little of it, and not everybody. */
function byChance(seeded: Seeded, mailName: string) {
  const chance = (what: string, outOf: number) => seeded.chance(`${what}:${mailName}`, outOf);
  const large = chance('large', 12) ? { gigabytes: 55 } : {};
  return {
    ...large,
    hasArchive: chance('archive', 10),
    isOnLitigationHold: chance('hold', 15),
    rules: RULES.filter(({ name }) => chance(name, 3)),
    devices: DEVICES.filter(({ name }) => chance(name, 2)),
    meetings: MEETINGS.filter(({ subject }) => chance(subject, 2)),
  };
}

const RULES: readonly RuleRole[] = [
  { name: 'Newsletters', definition: { SubjectContainsWords: ['news'], MoveToFolder: 'News' } },
  { name: 'To my other mailbox', definition: { RedirectTo: ['me@mail.example'] } },
];
const DEVICES: readonly DeviceRole[] = [
  { name: 'Outlook for Android', type: 'Outlook', os: 'Android 16', client: 'REST' },
  { name: 'iPhone', type: 'iPhone', os: 'iOS 26.1', client: 'EAS' },
];
const MEETINGS: readonly MeetingRole[] = [
  { subject: 'One to one', attendees: 1, day: -7, weeks: 30 },
  { subject: 'Board', isOrganizer: false, attendees: 9, day: 20 },
];

function holdsOf(
  seeded: Seeded,
  mailName: string,
  has: Belongings,
  createdAt: string,
): Pick<Mailbox, 'litigationHold' | 'litigationHoldSince' | 'inPlaceHolds' | 'archive'> {
  const isHeld = has.isOnLitigationHold ?? false;
  const archive = { guid: seeded.guid(`archive:${mailName}`), sizeBytes: 3 * GIGABYTE };
  return {
    litigationHold: isHeld,
    litigationHoldSince: isHeld ? createdAt : null,
    inPlaceHolds: has.inPlaceHolds ?? [],
    archive: has.hasArchive === true ? archive : null,
  };
}

const RECIPIENTS = ['From', 'SentTo', 'ForwardTo', 'ForwardAsAttachmentTo', 'RedirectTo'];

function ruleOf(
  seeded: Seeded,
  mailName: string,
  { name, isEnabled = true, definition }: RuleRole,
  index: number,
): InboxRule {
  const parts = Object.entries(definition).map(([part, value]) => [
    part,
    RECIPIENTS.includes(part)
      ? [value].flat().map((one) => (String(one).includes('@') ? one : seeded.guid(String(one))))
      : value,
  ]);
  return {
    id: seeded.digits(`rule:${mailName}:${index}`, 19),
    name,
    priority: index + 1,
    isHidden: false,
    isEnabled,
    definition: Object.fromEntries(parts),
  };
}

function junkRule(seeded: Seeded, mailName: string): InboxRule {
  const rule = { name: 'Junk E-Mail Rule', definition: { MoveToFolder: 'Junk Email' } };
  return { ...ruleOf(seeded, mailName, rule, 100), isHidden: true };
}

function deviceOf(
  seeded: Seeded,
  mailName: string,
  device: DeviceRole,
  index: number,
): MobileDevice {
  const guid = seeded.guid(`device:${mailName}:${index}`);
  return {
    ...device,
    guid,
    deviceId: guid.replaceAll('-', ''),
    isKnown: true,
    hasStatistics: true,
    wipe: null,
    accountWipes: 0,
    fullWipes: 0,
  };
}

function meetingOf({
  subject,
  isOrganizer = true,
  attendees,
  day,
  weeks = 1,
}: MeetingRole): Meeting {
  const lastDay = day + (weeks - 1) * 7;
  return { subject, isOrganizer, attendees, firstDay: day, lastDay, everyDays: 7 };
}
