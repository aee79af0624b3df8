import { OPERATIONS } from '../../src/offboarding/operations/list.ts';

/** Where the defaults would leave something of the demo's leaver alone, or there are none. No slow scan. */
const SETTINGS: Readonly<Record<string, object>> = {
  'mobile-devices': { wipe: 'account' },
  'cancel-meetings': { days: 100 },
  'auto-reply': { internal: '{{person.name}} has left. Ask {{manager.name}}.', external: 'Gone.' },
  'delegate-access': { sendOnBehalf: true },
  'litigation-hold': { days: 30 },
};

/** Every operation there is, as a workflow's policy has them. */
export const ALL_OPERATIONS = Object.fromEntries(
  OPERATIONS.map(({ name }) => [name, SETTINGS[name] ?? {}]),
);

/** What the vendor's script does. */
export const SCRIPT_OPERATIONS = {
  'delegate-access': { autoMapping: true },
  'leave-groups': {},
  'convert-to-shared': {},
};
