import { parseAddress } from '../offboarding/address.ts';
import type { Person } from '../offboarding/ports.ts';
import type { WirePerson, WireRun } from './wire.ts';

/**
 * Whom a run is about. A step may have changed the context, so the latest one that says something counts.
 * Undefined if that is not exactly one e-mail address: an older, usable one would be a guess.
 */
export function personOf(run: WireRun): Person | undefined {
  const people = contextsOf(run);
  const email = parseAddress(latest(people.map((person) => person.email)));
  if (email === undefined) {
    return undefined;
  }
  return {
    email,
    name: latest([...people.map((person) => person.name), run.name]) ?? email,
    managerEmail: parseAddress(latest(people.map((person) => person.lineManager?.email))),
  };
}

/** The person as the steps left them, latest first, then as the run itself has them. */
function contextsOf(run: WireRun): readonly WirePerson[] {
  const changed = (run.steps ?? []).map((step) => step.completed?.newContext?.person).reverse();
  return [...changed, run.context?.person].filter((person) => person != null);
}

/** The first that is there and not blank. */
function latest<T>(values: readonly T[]): NonNullable<T> | undefined {
  for (const value of values) {
    if (value != null && !(typeof value === 'string' && value.trim() === '')) {
      return value;
    }
  }
  return undefined;
}
