import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import type { Identity } from '../../cmdlets/identity.ts';
import { ServiceError } from '../../errors.ts';
import { guidCell, parseCells } from '../cells.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Cells } from '../ports.ts';
import { section } from '../section.ts';
import type { Subject } from '../subject.ts';
import type { Change, Operation, OperationKind, OperationPlan, Skip } from './operation.ts';

const NAME = 'mobile-devices';

const settings = section({
  /** `account`: only the mail account goes from the device. `device`: everything on it. */
  wipe: z.enum(['none', 'account', 'device']).default('none'),
  dangerouslyEraseWholeDevice: z.boolean().default(false),
}).refine(
  ({ wipe, dangerouslyEraseWholeDevice: erase }) => (wipe === 'device') === erase,
  'wipe: device erases everything on a device, private things too; it needs dangerouslyEraseWholeDevice: true, and nothing else takes it',
);
type Settings = z.infer<typeof settings>;

const seen = z.object({
  devices: z.array(
    z.object({
      guid: guidCell,
      label: z.string(),
      /** Asked for: the device has not been in touch since. */
      wipe: z.enum(['unknown', 'none', 'account-asked', 'device-asked', 'acknowledged']),
    }),
  ),
});
type Seen = z.infer<typeof seen>;
type Device = Seen['devices'][number];

const TOO_LATE: FindingKind = { code: 'wipe-not-called-back', byDefault: 'warn' };

/**
 * Removes the partnerships of phones and tablets, and wipes them where that is asked for. A device whose
 * partnership is gone never fetches a wipe: it stays until the wipe is acknowledged.
 */
export const mobileDevices: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [TOO_LATE],
  roles: [{ role: 'Mail Recipients', because: 'to read, wipe and remove mobile devices' }],
  seen,
  configure: ({ wipe }) => ({
    name: NAME,
    reads: readDevices,
    readsNext: readStatistics,
    plan: (_subject, [devices = [], statistics = []]) =>
      planFor(devicesIn(devices, statistics), wipe),
  }),
  restore,
  describe: ({ devices }) => devices.map(({ label, wipe }) => `Device ${label}, ${WIPES[wipe]}`),
};

const WIPES = {
  unknown: 'no wipe known',
  none: 'no wipe asked for',
  'account-asked': 'wipe of the account not acknowledged yet',
  'device-asked': 'wipe of everything not acknowledged yet',
  acknowledged: 'wipe acknowledged',
} as const satisfies Record<Device['wipe'], string>;

function readDevices({ mailbox }: Subject) {
  return [
    call('Get-MobileDevice', { Mailbox: mailbox.guid, ResultSize: 'Unlimited' }, [
      'Guid',
      'Identity',
      'FriendlyName',
      'DeviceModel',
      'DeviceType',
      'DeviceId',
    ]),
  ];
}

/** Most leavers have no device. */
function readStatistics({ mailbox }: Subject, [devices = []]: readonly (readonly Cells[])[]) {
  return devices.length === 0
    ? []
    : [call('Get-MobileDeviceStatistics', { Mailbox: mailbox.guid }, ['Guid', ...TIMES])];
}

/** Each kind of wipe has times of its own: https://learn.microsoft.com/powershell/exchange/cmdlet-property-sets */
const TIMES = [
  'DeviceWipeRequestTime',
  'DeviceWipeAckTime',
  'AccountOnlyDeviceWipeRequestTime',
  'AccountOnlyDeviceWipeAckTime',
];

const deviceRow = z.object({
  Guid: guidCell,
  Identity: z.string().nullish(),
  FriendlyName: z.string().nullish(),
  DeviceModel: z.string().nullish(),
  DeviceType: z.string().nullish(),
  DeviceId: z.string().nullish(),
});

const time = z.string().nullish();
const statisticsRow = z.object({
  Guid: guidCell,
  DeviceWipeRequestTime: time,
  DeviceWipeAckTime: time,
  AccountOnlyDeviceWipeRequestTime: time,
  AccountOnlyDeviceWipeAckTime: time,
});

/** Of a device without statistics nobody can tell whether a wipe was asked for. */
function devicesIn(rows: readonly Cells[], statistics: readonly Cells[]): readonly Device[] {
  const wipes = new Map(
    statistics
      .map((row) => parseCells(statisticsRow, row, 'the statistics of a device'))
      .map((row) => [row.Guid, wipeOf(row)] as const),
  );
  const devices = rows.map((row) => parseCells(deviceRow, row, 'a mobile device'));
  assertOfOne(devices);
  return devices.map((row) => ({
    guid: row.Guid,
    label: `${row.FriendlyName || row.DeviceModel || row.DeviceType || 'device'} (${row.DeviceId ?? row.Guid})`,
    wipe: wipes.get(row.Guid) ?? 'unknown',
  }));
}

/** A Get- cmdlet that does not like its question may answer with every device, and wipes are final. */
function assertOfOne(devices: readonly z.infer<typeof deviceRow>[]): void {
  const owners = devices.flatMap(({ Identity: identity }) => {
    const owner = /^(.+)[\\/]ExchangeActiveSyncDevices[\\/]/i.exec(identity ?? '')?.[1];
    return owner === undefined ? [] : [owner];
  });
  if (new Set(owners).size > 1) {
    throw new ServiceError('exchange.answer-invalid', 'devices of more than one mailbox', {
      facts: { rows: devices.length },
    });
  }
}

function wipeOf(row: z.infer<typeof statisticsRow>): Device['wipe'] {
  if (row.DeviceWipeAckTime || row.AccountOnlyDeviceWipeAckTime) {
    return 'acknowledged';
  }
  if (row.DeviceWipeRequestTime) {
    return 'device-asked';
  }
  return row.AccountOnlyDeviceWipeRequestTime ? 'account-asked' : 'none';
}

function planFor(devices: readonly Device[], wanted: Settings['wipe']): OperationPlan<Seen> {
  const unwiped =
    wanted === 'none' ? [] : devices.filter(({ wipe }) => wipe === 'none' || wipe === 'unknown');
  const waiting = devices.filter((one) => isAsked(one) || unwiped.includes(one));
  return {
    changes: [
      ...unwiped.map((device) => clear(device, wanted)),
      ...devices
        .filter((one) => !waiting.includes(one))
        .map((device) => forget(device, wanted === 'none')),
    ],
    findings: [],
    skipped: waiting.map(stays),
    seen: { devices: [...devices] },
  };
}

function isWiped(device: Device): boolean {
  return isAsked(device) || device.wipe === 'acknowledged';
}

function isAsked({ wipe }: Device): boolean {
  return wipe === 'account-asked' || wipe === 'device-asked';
}

function clear({ guid, label, wipe }: Device, wanted: Settings['wipe']): Change {
  const accountOnly = wanted !== 'device';
  return {
    id: wipeId(guid),
    operation: NAME,
    sentence: accountOnly ? `Wipe the mail account from ${label}` : `Erase everything on ${label}`,
    call: call('Clear-MobileDevice', { Identity: guid, AccountOnly: accountOnly, Confirm: false }),
    required: true,
    once: true,
    ...(wipe === 'unknown' ? {} : { isShown: true }),
  };
}

/** When a device acknowledges a wipe is up to the device, and so is what can be removed after it. */
function forget({ guid, label }: Device, required: boolean): Change {
  return {
    id: `${NAME}:remove:${guid}`,
    operation: NAME,
    sentence: `Remove the partnership with ${label}`,
    call: call('Remove-MobileDevice', { Identity: guid, Confirm: false }),
    required,
    irreversible: true,
  };
}

function stays({ label }: Device): Skip {
  const reason =
    'stays until the device has acknowledged its wipe: removed before, it is not wiped';
  return { operation: NAME, what: `partnership with ${label}`, reason };
}

function wipeId(guid: Identity): string {
  return `${NAME}:wipe:${guid}`;
}

/** Calls back the wipes that no device has acknowledged yet. */
function restore(before: Seen): Operation<Seen> {
  const unasked = new Map(
    before.devices.filter((one) => !isWiped(one)).map((one) => [one.guid, one]),
  );
  return {
    name: NAME,
    reads: readDevices,
    readsNext: readStatistics,
    plan: (_subject, [rows = [], statistics = []]) => {
      const devices = devicesIn(rows, statistics);
      const known = new Set(devices.map(({ guid }) => guid));
      const since = devices.filter(({ guid }) => unasked.has(guid));
      return {
        changes: since.filter(isAsked).map(callBack),
        findings: [
          ...since.filter(({ wipe }) => wipe === 'acknowledged').map(acknowledged),
          ...[...unasked.values()].filter(({ guid }) => !known.has(guid)).map(forgotten),
        ],
        skipped: [],
        seen: { devices: [...devices] },
      };
    },
  };
}

function callBack({ guid, label, wipe }: Device): Change {
  return {
    id: wipeId(guid),
    operation: NAME,
    sentence: `Call the wipe of ${label} back`,
    call: call('Clear-MobileDevice', {
      Identity: guid,
      AccountOnly: wipe === 'account-asked',
      Cancel: true,
      Confirm: false,
    }),
    required: true,
  };
}

function acknowledged({ label }: Device): Finding {
  return {
    kind: TOO_LATE,
    sentence: `${label} has acknowledged its wipe: nobody can call it back.`,
  };
}

function forgotten({ label }: Device): Finding {
  const sentence = `The partnership with ${label} is gone: a wipe of it cannot be called back.`;
  return { kind: TOO_LATE, sentence };
}
