import { parseAddress } from '../offboarding/address.ts';
import type { Person, Run } from '../offboarding/ports.ts';
import type { WirePerson, WireRun, WireRunStep } from './wire.ts';

/**
 * Whom a run is about. A step may have changed the context, so the latest before ours that says something
 * counts. Nobody if that is not exactly one e-mail address (an older, usable one would be a guess), or if the
 * contexts name different people: the workflow may have turned to the manager, or to somebody else.
 */
export function personOf(
  run: WireRun,
  ours: WireRunStep | undefined,
): Pick<Run, 'person' | 'personId'> {
  const people = contextsOf(run, ours);
  const ids = new Set(people.map(idOf).filter((id) => id !== undefined));
  if (ids.size > 1) {
    return { person: undefined, personId: undefined };
  }
  const [personId] = ids;
  const said = latest(people.map((person) => person.email));
  const email = parseAddress(said);
  if (email === undefined) {
    // What is there but no address is not looked up elsewhere: somebody meant something by it.
    return { person: undefined, personId: said === undefined ? personId : undefined };
  }
  const name = latest([...people.map((person) => person.name), run.name]) ?? email;
  const managerEmail = parseAddress(latest(people.map((person) => person.lineManager?.email)));
  return { person: { email, name, managerEmail } satisfies Person, personId };
}

/** The person as the steps before ours left them, latest first, then as the run itself has them. */
function contextsOf(run: WireRun, ours: WireRunStep | undefined): readonly WirePerson[] {
  const steps = run.steps ?? [];
  const before = ours === undefined ? steps : steps.slice(0, steps.indexOf(ours));
  const changed = before.map((step) => step.completed?.newContext?.person).reverse();
  return [...changed, run.context?.person].filter((person) => person != null);
}

function idOf({ id }: WirePerson): string | undefined {
  return typeof id === 'string' && id.trim() !== '' ? id.trim() : undefined;
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
