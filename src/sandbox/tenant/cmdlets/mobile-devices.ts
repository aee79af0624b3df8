import type { WireObject } from '../../wire.ts';
import { type Answer, type Clock, type Cmdlet, page } from '../cmdlet.ts';
import { type Directory, isMailbox, type Recipient } from '../directory.ts';
import { mailboxOf, onlyOne } from '../find.ts';
import type { MobileDevice, Wipe } from '../mailbox.ts';
import { flag, text, type Values } from '../values.ts';

interface Owned {
  readonly owner: Recipient;
  readonly device: MobileDevice;
}

export const getMobileDevice: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Mailbox', 'ResultSize'],
  run: (directory, values) => page(asked(directory, values).map(describe), values),
};

export const getMobileDeviceStatistics: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Mailbox'],
  run: (directory, values) => ({
    objects: asked(directory, values)
      .filter(({ device }) => device.hasStatistics)
      .map(describeStatistics),
  }),
};

export const removeMobileDevice: Cmdlet = {
  kind: 'write',
  parameters: ['Identity'],
  run: (directory, values) => {
    const { owner, device } = deviceOf(directory, text(values, 'Identity'));
    return {
      effect: (current) => {
        deviceIn(current, owner, device).isKnown = false;
      },
    };
  },
};

export const clearMobileDevice: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'AccountOnly', 'Cancel', 'NotificationEmailAddresses'],
  run: (directory, values, clock) => {
    const owned = deviceOf(directory, text(values, 'Identity'));
    return flag(values, 'Cancel') ? cancelWipe(owned) : wipe(owned, values, clock);
  },
};

/** How many reads pass before the device gets in touch and wipes itself: more than a job makes while it looks again. */
const CONTACT_AFTER_READS = 20;

function wipe({ owner, device }: Owned, values: Values, { now }: Clock): Answer {
  // Outlook never gives more than its own account away.
  const accountOnly = device.type === 'Outlook' || flag(values, 'AccountOnly');
  const sent: Wipe = { accountOnly, sentAt: now.toISOString(), acknowledgedAt: null };
  return {
    effect: (current) => {
      const target = deviceIn(current, owner, device);
      target.wipe = sent;
      target.accountWipes += accountOnly ? 1 : 0;
      target.fullWipes += accountOnly ? 0 : 1;
    },
    consequence: {
      afterReads: CONTACT_AFTER_READS,
      effect: (current) => acknowledge(deviceIn(current, owner, device)),
    },
  };
}

/** A device whose partnership is gone never asks again, and is not wiped. */
function acknowledge(device: MobileDevice): void {
  if (device.wipe !== null && device.isKnown) {
    device.wipe = { ...device.wipe, acknowledgedAt: device.wipe.sentAt };
  }
}

function cancelWipe({ owner, device }: Owned): Answer {
  return {
    effect: (current) => {
      const target = deviceIn(current, owner, device);
      target.wipe = target.wipe?.acknowledgedAt === null ? null : target.wipe;
    },
  };
}

function asked(directory: Directory, values: Values): readonly Owned[] {
  if (text(values, 'Mailbox') !== undefined) {
    return devicesOf(mailboxOf(directory, values, 'Mailbox'));
  }
  const identity = text(values, 'Identity');
  return identity === undefined ? everyDevice(directory) : [deviceOf(directory, identity)];
}

function devicesOf(owner: Recipient): readonly Owned[] {
  return owner.mailbox.devices
    .filter(({ isKnown }) => isKnown)
    .map((device) => ({ owner, device }));
}

function everyDevice(directory: Directory): readonly Owned[] {
  return directory.all().filter(isMailbox).flatMap(devicesOf);
}

function deviceOf(directory: Directory, identity: string | undefined): Owned {
  const wanted = identity?.toLowerCase();
  const found = everyDevice(directory).filter(
    (one) => one.device.guid === wanted || identityOf(one).toLowerCase() === wanted,
  );
  return onlyOne(found, identity);
}

function deviceIn(current: Directory, { guid }: Recipient, wanted: MobileDevice): MobileDevice {
  const { devices } = current.get(guid).mailbox;
  return onlyOne(
    devices.filter((one) => one.guid === wanted.guid),
    wanted.guid,
  );
}

function identityOf({ owner, device }: Owned): string {
  return `${owner.name}\\ExchangeActiveSyncDevices\\${device.client}§${device.type}§${device.deviceId}`;
}

function describe(owned: Owned): WireObject {
  const { owner, device } = owned;
  return {
    Identity: identityOf(owned),
    Guid: device.guid,
    DeviceId: device.deviceId,
    DeviceType: device.type,
    DeviceModel: device.name,
    DeviceOS: device.os,
    FriendlyName: device.name,
    ClientType: device.client,
    UserDisplayName: owner.displayName,
    DeviceAccessState: 'Allowed',
    FirstSyncTime: { $date: owner.createdAt },
  };
}

function describeStatistics(owned: Owned): WireObject {
  const { wipe: asks } = owned.device;
  return {
    ...describe(owned),
    Status: statusOf(asks),
    ...timesOf('DeviceWipe', asks?.accountOnly === false ? asks : null),
    ...timesOf('AccountOnlyDeviceWipe', asks?.accountOnly === true ? asks : null),
  };
}

/** Each kind of wipe has times of its own. */
function timesOf(kind: string, asks: Wipe | null): WireObject {
  const at = (time: string | null | undefined) =>
    time === null || time === undefined ? null : { $date: time };
  return {
    [`${kind}SentTime`]: at(asks?.sentAt),
    [`${kind}RequestTime`]: at(asks?.sentAt),
    [`${kind}AckTime`]: at(asks?.acknowledgedAt),
  };
}

function statusOf(asks: Wipe | null): string {
  if (asks === null) {
    return 'DeviceOk';
  }
  const kind = asks.accountOnly ? 'AccountOnlyDeviceWipe' : 'DeviceWipe';
  return `${kind}${asks.acknowledgedAt === null ? 'Pending' : 'Succeeded'}`;
}
