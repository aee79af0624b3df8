import { z } from 'zod';
import { call, NOTHING, type ParametersOf } from '../../cmdlets/call.ts';
import { parseOnly } from '../cells.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Mailbox } from '../mailbox.ts';
import type { Cells } from '../ports.ts';
import { section } from '../section.ts';
import type { Subject } from '../subject.ts';
import type { Change, Operation, OperationKind } from './operation.ts';

const NAME = 'client-protocols';

type Switches = Omit<ParametersOf<'Set-CASMailbox'>, 'Identity' | 'Confirm'>;

/** What a protocol is switched by, and the value that means off. */
const PROTOCOLS = {
  activesync: { property: 'ActiveSyncEnabled', off: false },
  'outlook-mobile': { property: 'OutlookMobileEnabled', off: false },
  'owa-for-devices': { property: 'OWAforDevicesEnabled', off: false },
  pop: { property: 'PopEnabled', off: false },
  imap: { property: 'ImapEnabled', off: false },
  /** The one switch that is off when it is true, and the organisation's when it is null. */
  'smtp-auth': { property: 'SmtpClientAuthenticationDisabled', off: true },
  owa: { property: 'OWAEnabled', off: false },
  mapi: { property: 'MAPIEnabled', off: false },
  ews: { property: 'EwsEnabled', off: false },
  'new-outlook': { property: 'OneWinNativeOutlookEnabled', off: false },
  'mac-outlook': { property: 'MacOutlookEnabled', off: false },
  'windows-mail': { property: 'UniversalOutlookEnabled', off: false },
} as const satisfies Record<string, { property: keyof Switches; off: boolean }>;
type Protocol = keyof typeof PROTOCOLS;

const protocol = z.enum(Object.keys(PROTOCOLS) as [Protocol, ...Protocol[]]);

/** How a former employee's devices and programs get in; delegates come another way. */
const BY_DEFAULT: readonly Protocol[] = [
  'activesync',
  'outlook-mobile',
  'owa-for-devices',
  'pop',
  'imap',
  'smtp-auth',
];

/** Delegates may come this way: what it does to them is published nowhere. */
const USED_BY_DELEGATES: readonly Protocol[] = ['owa', 'mapi', 'ews', 'new-outlook', 'mac-outlook'];

const settings = section({
  /** What is switched off; others stay as they are. */
  protocols: z
    .array(protocol)
    .min(1)
    .default([...BY_DEFAULT]),
});

/** Of the named protocols only: `null` is the organisation's setting. */
const seen = z.object({ switches: z.partialRecord(protocol, z.boolean().nullable()) });
type Seen = z.infer<typeof seen>;

const LOCKED_OUT: FindingKind = { code: 'protocol-of-delegates', byDefault: 'warn' };

/** Switches off the ways by which clients get at the mailbox. */
export const clientProtocols: OperationKind<z.infer<typeof settings>, Seen> = {
  name: NAME,
  settings,
  findings: [LOCKED_OUT],
  roles: [{ role: 'Mail Recipients', because: 'to read and set client access' }],
  seen,
  configure: ({ protocols }) => {
    const off = protocols.map((name) => [name, PROTOCOLS[name].off] as const);
    return switching(Object.fromEntries(off), `Switch off ${protocols.join(', ')}`, warningsOf);
  },
  restore: ({ switches }) => switching(switches, 'Put client access back as it was', () => []),
  describe: ({ switches }) =>
    entriesOf(switches).map(([name, value]) => `${name}: ${shown(name, value)}`),
};

function entriesOf(switches: Seen['switches']): readonly (readonly [Protocol, boolean | null])[] {
  return protocol.options.flatMap((name) => {
    const value = switches[name];
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** Brings the switches to what is wanted; `findingsOf` is told those that differ. */
function switching(
  wanted: Seen['switches'],
  sentence: string,
  findingsOf: (differing: readonly Protocol[]) => readonly Finding[],
): Operation<Seen> {
  const names = entriesOf(wanted).map(([name]) => name);
  return {
    name: NAME,
    reads: (subject) => [readSwitches(subject, names)],
    plan: ({ mailbox }, [rows = []]) => {
      const now = parseSwitches(rows, names);
      const differing = entriesOf(wanted).filter(([name, value]) => now[name] !== value);
      return {
        changes: differing.length === 0 ? [] : [change(mailbox, sentence, differing)],
        findings: findingsOf(differing.map(([name]) => name)),
        skipped: [],
        seen: { switches: now },
      };
    },
  };
}

function readSwitches({ mailbox }: Subject, names: readonly Protocol[]) {
  const properties = names.map((name) => PROTOCOLS[name].property);
  return call('Get-CASMailbox', { Identity: mailbox.guid }, properties);
}

/** What is not there has no value, as the organisation's setting has none. */
function parseSwitches(rows: readonly Cells[], names: readonly Protocol[]): Seen['switches'] {
  const shape = Object.fromEntries(
    names.map((name) => [PROTOCOLS[name].property, z.boolean().nullish()]),
  );
  const row = parseOnly(z.object(shape), rows, 'the client access of a mailbox');
  return Object.fromEntries(names.map((name) => [name, row[PROTOCOLS[name].property] ?? null]));
}

function change(
  mailbox: Mailbox,
  sentence: string,
  switches: ReturnType<typeof entriesOf>,
): Change {
  const values: Switches = Object.fromEntries(
    switches.map(([name, value]) => [PROTOCOLS[name].property, value ?? NOTHING]),
  );
  return {
    id: NAME,
    operation: NAME,
    sentence,
    call: call('Set-CASMailbox', { Identity: mailbox.guid, ...values, Confirm: false }),
    required: true,
  };
}

function warningsOf(differing: readonly Protocol[]): readonly Finding[] {
  const doubtful = differing.filter((name) => USED_BY_DELEGATES.includes(name));
  const sentence = `Delegates may not get into the mailbox any more without ${doubtful.join(', ')}: try it with one mailbox first.`;
  return doubtful.length === 0 ? [] : [{ kind: LOCKED_OUT, sentence, unlessMade: NAME }];
}

function shown(name: Protocol, value: boolean | null): string {
  if (value === null) {
    return "the organisation's setting";
  }
  return value === PROTOCOLS[name].off ? 'off' : 'on';
}
