import { changing } from '../change.ts';
import { type Cmdlet, page } from '../cmdlet.ts';
import { isMailbox, type Recipient } from '../directory.ts';
import { mailboxOf, matching } from '../find.ts';
import { PROTOCOLS } from '../mailbox.ts';
import { invalidValue } from '../refusal.ts';
import { isGiven, text, type Values } from '../values.ts';

export const getCasMailbox: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'ResultSize'],
  run: (directory, values) => {
    const found = matching(directory, text(values, 'Identity'), isMailbox);
    return page(found.map(describe), values);
  },
};

function describe({ name, guid, primaryAddress, mailbox }: Recipient) {
  return {
    Identity: name,
    Guid: guid,
    PrimarySmtpAddress: primaryAddress,
    // Stays true when the last partnership was removed.
    HasActiveSyncDevicePartnership: mailbox.devices.some(({ client }) => client === 'EAS'),
    ...mailbox.protocols,
  };
}

export const setCasMailbox: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', ...Object.keys(PROTOCOLS)],
  run: (directory, values) => {
    const one = mailboxOf(directory, values);
    const given = Object.keys(PROTOCOLS).filter((name) => isGiven(values, name));
    const wanted = Object.fromEntries(given.map((name) => [name, switchOf(values, name)]));
    return changing(one, ({ mailbox }) => {
      Object.assign(mailbox.protocols, wanted);
    });
  },
};

/** One that has an organisation's setting behind it can be given back to it. */
function switchOf(values: Values, name: string): boolean | null {
  const value = values[name] ?? null;
  if (typeof value === 'boolean' || (value === null && PROTOCOLS[name] === null)) {
    return value;
  }
  throw invalidValue(name, String(value));
}
