import type { Attempt } from '../../src/offboarding/attempt.ts';
import { brakeSettings } from '../../src/offboarding/brakes.ts';

/** Brakes that are as by default, and a count that lets everybody pass. */
export const OPEN_BRAKES: { readonly brakes: ReturnType<typeof brakeSettings.parse> } & Pick<
  Attempt,
  'pass'
> = {
  brakes: brakeSettings.parse({}),
  pass: async () => ({ kind: 'passed' }),
};
