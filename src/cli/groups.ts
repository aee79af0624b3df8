/** Headings of the help, in the order an administrator meets them. */
export const GROUP = {
  setUp: 'Set up:',
  run: 'Run:',
  lookAfter: 'Look after:',
  rehearse: 'Rehearse:',
} as const;
