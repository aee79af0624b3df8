/** Every operation there is, with settings that leave none of the demo's leaver alone. No slow scan. */
export const ALL_OPERATIONS = {
  'inbox-rules': {},
  'mobile-devices': { wipe: 'account' },
  'cancel-meetings': { days: 100 },
  'auto-reply': { internal: '{{person.name}} has left. Ask {{manager.name}}.', external: 'Gone.' },
  forwarding: {},
  'delegate-access': { sendOnBehalf: true },
  'rights-elsewhere': {},
  'sent-copies': {},
  'hand-over-groups': {},
  'leave-groups': {},
  'client-protocols': {},
  archive: {},
  'litigation-hold': { days: 30 },
  'convert-to-shared': {},
  'hide-from-address-lists': {},
};

/** What the vendor's script does. */
export const SCRIPT_OPERATIONS = {
  'delegate-access': { autoMapping: true },
  'leave-groups': {},
  'convert-to-shared': {},
};
