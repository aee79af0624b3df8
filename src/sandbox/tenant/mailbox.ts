/**
 * What is in a mailbox, as far as cmdlets show or change it. Other recipients are GUIDs, days are
 * counted from the day the tenant was opened.
 */
export interface Mailbox {
  isLicensed: boolean;
  sizeBytes: number;
  quotaBytes: number;
  isHidden: boolean;
  forwardingAddress: string | null;
  forwardingSmtpAddress: string | null;
  deliverToMailboxAndForward: boolean;
  messageCopyForSentAs: boolean;
  messageCopyForSendOnBehalf: boolean;
  grantSendOnBehalfTo: Set<string>;
  litigationHold: boolean;
  /** `Unlimited` or a time span such as `2555.00:00:00`. */
  litigationHoldDuration: string;
  litigationHoldSince: string | null;
  inPlaceHolds: readonly string[];
  archive: Archive | null;
  /** Was switched off, and would come back. */
  disabledArchive: Archive | null;
  autoReply: AutoReply;
  rules: InboxRule[];
  /** Names of rules that only Outlook knows: the next change by a cmdlet deletes them. */
  outlookRules: readonly string[];
  devices: MobileDevice[];
  /** `Set-CASMailbox`'s switches; null is the organisation's setting. */
  protocols: Record<string, boolean | null>;
  calendar: Calendar;
}

export interface Archive {
  readonly guid: string;
  readonly sizeBytes: number;
}

export interface AutoReply {
  readonly state: 'Disabled' | 'Enabled' | 'Scheduled';
  /** HTML. */
  readonly internal: string;
  readonly external: string;
  readonly audience: 'None' | 'Known' | 'All';
  /** ISO 8601. */
  readonly startsAt: string;
  readonly endsAt: string;
}

export interface InboxRule {
  /** More digits than a number of JavaScript has. */
  readonly id: string;
  readonly name: string;
  readonly priority: number;
  readonly isHidden: boolean;
  isEnabled: boolean;
  /** By parameter of `New-InboxRule`; recipients are GUIDs, or addresses outside. */
  readonly definition: RuleDefinition;
}
export type RuleDefinition = Readonly<Record<string, string | boolean | readonly string[]>>;

export interface MobileDevice {
  readonly guid: string;
  readonly deviceId: string;
  readonly name: string;
  readonly type: string;
  readonly os: string;
  readonly client: 'REST' | 'EAS';
  /** False once the partnership was removed: no cmdlet finds the device any more. */
  isKnown: boolean;
  /** False while the device has never synced. */
  hasStatistics: boolean;
  wipe: Wipe | null;
  /** Wipes asked for, ever. */
  accountWipes: number;
  fullWipes: number;
}

export interface Wipe {
  readonly accountOnly: boolean;
  readonly sentAt: string;
  readonly acknowledgedAt: string | null;
}

export interface Calendar {
  meetings: readonly Meeting[];
  /** How often meetings were cancelled, whether there were any or not. */
  cancellationRuns: number;
  /** One to each attendee of each meeting. */
  cancellationsSent: number;
}

export interface Meeting {
  readonly subject: string;
  readonly isOrganizer: boolean;
  readonly attendees: number;
  readonly firstDay: number;
  readonly lastDay: number;
  /** Days from one instance to the next. */
  readonly everyDays: number;
}

/** True if an instance is on one of these days. */
export function meetsBetween(meeting: Meeting, from: number, to: number): boolean {
  const { firstDay, lastDay, everyDays } = meeting;
  const missed = Math.max(0, Math.ceil((from - firstDay) / everyDays));
  const next = firstDay + missed * everyDays;
  return next <= Math.min(lastDay, to);
}

const GIGABYTE = 2 ** 30;

/** A user's mailbox nobody has set anything in. */
export function emptyMailbox(createdAt: string): Mailbox {
  const dayAfter = new Date(Date.parse(createdAt) + 86_400_000).toISOString();
  return {
    isLicensed: true,
    sizeBytes: 0,
    quotaBytes: 100 * GIGABYTE,
    isHidden: false,
    forwardingAddress: null,
    forwardingSmtpAddress: null,
    deliverToMailboxAndForward: false,
    messageCopyForSentAs: false,
    messageCopyForSendOnBehalf: false,
    grantSendOnBehalfTo: new Set(),
    litigationHold: false,
    litigationHoldDuration: 'Unlimited',
    litigationHoldSince: null,
    inPlaceHolds: [],
    archive: null,
    disabledArchive: null,
    autoReply: {
      state: 'Disabled',
      internal: '',
      external: '',
      audience: 'All',
      startsAt: createdAt,
      endsAt: dayAfter,
    },
    rules: [],
    outlookRules: [],
    devices: [],
    protocols: { ...PROTOCOLS },
    calendar: { meetings: [], cancellationRuns: 0, cancellationsSent: 0 },
  };
}

/** How a client may get in, with what holds for a new mailbox. */
export const PROTOCOLS: Readonly<Record<string, boolean | null>> = {
  ActiveSyncEnabled: true,
  EwsEnabled: true,
  ImapEnabled: true,
  MAPIEnabled: true,
  MacOutlookEnabled: true,
  OneWinNativeOutlookEnabled: true,
  OutlookMobileEnabled: true,
  OWAEnabled: true,
  OWAforDevicesEnabled: true,
  PopEnabled: true,
  SmtpClientAuthenticationDisabled: null,
  UniversalOutlookEnabled: true,
};
