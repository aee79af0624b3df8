import { invalidValue } from './refusal.ts';

/** The parameters of a call. */
export type Values = Readonly<Record<string, unknown>>;

/** An empty text is none, as is null: a typed parameter of PowerShell makes one of the other. */
export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function texts(values: Values, name: string): readonly string[] {
  return list(values, name)
    .flatMap((one) => one.split(','))
    .map((one) => one.trim());
}

/** The same where a text may hold a comma, as distinguished names do. */
export function list(values: Values, name: string): readonly string[] {
  const value = values[name];
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one) => (typeof one === 'string' && one !== '' ? [one] : []));
}

export function flag(values: Values, name: string): boolean {
  return values[name] === true;
}

/** A parameter that was given, if only to clear it. */
export function isGiven(values: Values, name: string): boolean {
  return Object.hasOwn(values, name);
}

/** One of the names of an enumeration, however it is capitalised. */
export function choice<T extends string>(
  values: Values,
  name: string,
  names: readonly T[],
): T | undefined {
  const asked = text(values, name);
  const found = names.find((one) => one.toLowerCase() === asked?.toLowerCase());
  if (asked !== undefined && found === undefined) {
    throw invalidValue(name, asked);
  }
  return found;
}

export function date(values: Values, name: string): Date | undefined {
  const asked = text(values, name);
  const found = new Date(asked ?? Number.NaN);
  if (asked !== undefined && Number.isNaN(found.getTime())) {
    throw invalidValue(name, asked);
  }
  return asked === undefined ? undefined : found;
}

/** What becomes of a list of several values: a plain value replaces it, a table adds and removes, null empties. */
export type ListChange = (before: ReadonlySet<string>) => Set<string>;

export function listChange(
  values: Values,
  name: string,
  resolve: (identity: string) => string,
): ListChange {
  const value = values[name];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const whole = list(values, name).map(resolve);
    return () => new Set(whole);
  }
  const sides = Object.fromEntries(
    Object.entries(value).map(([side, names]) => [side.toLowerCase(), names]),
  );
  if (Object.keys(sides).some((side) => side !== 'add' && side !== 'remove')) {
    throw invalidValue(name, Object.keys(value).join(', '));
  }
  const added = list(sides, 'add').map(resolve);
  const removed = new Set(list(sides, 'remove').map(resolve));
  return (before) => new Set([...before, ...added].filter((one) => !removed.has(one)));
}
