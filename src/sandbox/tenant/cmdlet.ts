import type { WireObject } from '../wire.ts';
import type { Directory, Recipient } from './directory.ts';
import { ambiguous, invalidValue, notFound, notImitated } from './refusal.ts';

export type Values = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly objects?: readonly WireObject[];
  readonly warnings?: readonly string[];
  /** What a write changes, apart from the answer: it may come late, or not at all. */
  readonly effect?: (directory: Directory) => void;
}

/** How one cmdlet behaves. Throws `Refusal`. Adding a cmdlet is adding one of these to the list. */
export interface Cmdlet {
  readonly kind: 'read' | 'write';
  /** What of it is imitated; any other parameter is refused rather than ignored. */
  readonly parameters: readonly string[];
  run(directory: Directory, values: Values): Answer;
}

export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function texts(values: Values, name: string): readonly string[] {
  const value = values[name];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list
    .flatMap((one) => (typeof one === 'string' ? one.split(',') : []))
    .map((one) => one.trim());
}

export function flag(values: Values, name: string): boolean {
  return values[name] === true;
}

/** A parameter that was given, if only to clear it. */
export function isGiven(values: Values, name: string): boolean {
  return Object.hasOwn(values, name);
}

/** The two sides of a table that changes a list; a plain value would be the whole new list. */
export function listChange(
  values: Values,
  name: string,
): { readonly add: readonly string[]; readonly remove: readonly string[] } {
  const value = values[name];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw notImitated(`-${name} with a plain value`);
  }
  const table = Object.fromEntries(
    Object.entries(value).map(([side, names]) => [side.toLowerCase(), names]),
  );
  return { add: texts(table, 'add'), remove: texts(table, 'remove') };
}

/** Every recipient an identity may mean. No identity means all of them, and that is a trap to imitate. */
export function matching(
  directory: Directory,
  identity: string | undefined,
  fits: (recipient: Recipient) => boolean,
): readonly Recipient[] {
  if (identity === undefined) {
    return directory.all().filter(fits);
  }
  return [exactlyOne(directory, identity, fits)];
}

/** The recipient an identity means. Throws "not found" or "matches multiple entries". */
export function exactlyOne(
  directory: Directory,
  identity: string | undefined,
  fits: (recipient: Recipient) => boolean,
): Recipient {
  const [first, ...others] = identity === undefined ? [] : directory.named(identity).filter(fits);
  if (first === undefined) {
    throw notFound(identity ?? '');
  }
  if (others.length > 0) {
    throw ambiguous(identity ?? '');
  }
  return first;
}

/** The same for the cmdlets of distribution groups, which do not take a sign-in name. */
export function exactlyOneForGroups(
  directory: Directory,
  identity: string | undefined,
  fits: (recipient: Recipient) => boolean,
): Recipient {
  const isUserName = (one: Recipient) => {
    const addresses = [one.primaryAddress, ...one.otherAddresses].map((each) => each.toLowerCase());
    const asked = identity?.toLowerCase() ?? '';
    return one.userPrincipalName?.toLowerCase() === asked && !addresses.includes(asked);
  };
  return exactlyOne(directory, identity, (one) => fits(one) && !isUserName(one));
}

export const anyone = (): boolean => true;

const PAGE = 1_000;

/** Cuts a listing the way `-ResultSize` does, 1,000 when it is left out, and says so. */
export function page(
  objects: readonly WireObject[],
  values: Values,
): Required<Pick<Answer, 'objects' | 'warnings'>> {
  const asked = values['ResultSize'];
  const size = resultSize(asked);
  if (objects.length <= size) {
    return { objects, warnings: [] };
  }
  const warning =
    asked === undefined
      ? 'By default, only the first 1000 items are returned. Use the ResultSize parameter to specify the number of items returned. To return all items, specify "-ResultSize Unlimited".'
      : 'There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter.';
  return { objects: objects.slice(0, size), warnings: [warning] };
}

function resultSize(asked: unknown): number {
  if (asked === undefined) {
    return PAGE;
  }
  const size =
    String(asked).toLowerCase() === 'unlimited' ? Number.POSITIVE_INFINITY : Number(asked);
  if (Number.isNaN(size) || size < 0) {
    throw invalidValue('ResultSize', String(asked));
  }
  return size;
}
