import { ServiceError } from '../errors.ts';
import { CMDLETS, type CmdletName, type PlainKind, ruleOf, type ValueKind } from './cmdlets.ts';
import { type Identity, parseIdentity } from './identity.ts';

/** Identities to add to a list that a parameter holds, and to remove from it, in one call. */
export interface ListChange {
  readonly $type: 'change';
  readonly add: readonly Identity[];
  readonly remove: readonly Identity[];
}

/** What clears a parameter that can be without a value. */
export interface Nothing {
  readonly $type: 'null';
}
export const NOTHING: Nothing = { $type: 'null' };

/** A change of a list; what is left out stays as it is. */
export function listChange(sides: {
  readonly add?: readonly Identity[];
  readonly remove?: readonly Identity[];
}): ListChange {
  return { $type: 'change', add: sides.add ?? [], remove: sides.remove ?? [] };
}

interface Values {
  identity: Identity;
  rule: string;
  text: string;
  texts: readonly string[];
  flag: boolean;
  number: number;
  date: string;
  change: ListChange;
}
type Kinds<N extends CmdletName> = (typeof CMDLETS)[N]['parameters'];
type ValueOf<K> = K extends `${infer P extends PlainKind} or nothing`
  ? Values[P] | Nothing
  : K extends PlainKind
    ? Values[K]
    : never;

type Required<N extends CmdletName> = (typeof CMDLETS)[N]['required'][number];

/** The parameters of one cmdlet, each with the type of its value. */
export type ParametersOf<N extends CmdletName> = {
  readonly [P in keyof Kinds<N> as P extends Required<N> ? P : never]: ValueOf<Kinds<N>[P]>;
} & {
  readonly [P in keyof Kinds<N> as P extends Required<N> ? never : P]?: ValueOf<Kinds<N>[P]>;
};

/** A value of a call, in the form it has on the wire to the session and in a stored plan. */
export type CallValue = Values[PlainKind] | Nothing;

/** One cmdlet call as data: what is planned, shown, sent and stored. */
export interface Call {
  readonly cmdlet: CmdletName;
  readonly parameters: Readonly<Record<string, CallValue>>;
  /** The properties to return of each object; empty for a call whose output does not matter. */
  readonly properties: readonly string[];
}

/** Makes a call that only uses the vocabulary; the compiler checks names and types. */
export function call<N extends CmdletName>(
  cmdlet: N,
  parameters: ParametersOf<N>,
  properties: readonly string[] = [],
): Call {
  // With exactOptionalPropertyTypes no value is undefined; the mapped type just can't show it.
  return assertCall({ cmdlet, parameters: parameters as Call['parameters'], properties });
}

/**
 * The same check at run time, for calls that come from anywhere else (a stored plan). Throws
 * `powershell.command-refused` for what is outside the vocabulary, `exchange.identity-refused` for an
 * identity that is not one.
 */
export function assertCall(candidate: Call): Call {
  if (!Object.hasOwn(CMDLETS, candidate.cmdlet)) {
    throw refused(candidate.cmdlet, 'cmdlet');
  }
  const { parameters: kinds } = ruleOf(candidate.cmdlet);
  for (const [name, value] of Object.entries(candidate.parameters)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined || !fits(kind, value)) {
      throw refused(`${candidate.cmdlet} -${name}`, 'parameter');
    }
  }
  assertComplete(candidate);
  return candidate;
}

/** What is required must be there, and a flag that stands for it must be on. */
function assertComplete({ cmdlet, parameters }: Call): void {
  const { required, oneOf, parameters: kinds } = ruleOf(cmdlet);
  const missing = required.find((name) => parameters[name] === undefined);
  if (missing !== undefined) {
    throw kinds[missing] === 'identity'
      ? unnamed(cmdlet, missing)
      : refused(`${cmdlet} without -${missing}`, 'parameter');
  }
  if (oneOf?.every((name) => parameters[name] === undefined || parameters[name] === false)) {
    throw unnamed(cmdlet, oneOf.join(' or -'));
  }
}

function fits(kind: ValueKind, value: unknown): boolean {
  const plain = kind.replace(/ or nothing$/, '') as PlainKind;
  return plain === kind ? CHECKS[plain](value) : isNothing(value) || CHECKS[plain](value);
}

const CHECKS: Record<PlainKind, (value: unknown) => boolean> = {
  identity: isIdentity,
  rule: (value) => typeof value === 'string' && /^\d{1,20}$/.test(value),
  text: isFilled,
  texts: (value) => Array.isArray(value) && value.length > 0 && value.every(isFilled),
  flag: (value) => typeof value === 'boolean',
  number: (value) => Number.isSafeInteger(value),
  date: (value) =>
    typeof value === 'string' && ISO_UTC.test(value) && !Number.isNaN(Date.parse(value)),
  change: isListChange,
};

const ISO_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$/;

function isIdentity(value: unknown): boolean {
  return parseIdentity(value) === value;
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function isNothing(value: unknown): boolean {
  return isTagged(value, 'null') && Object.keys(value).length === 1;
}

function isListChange(value: unknown): boolean {
  if (!isTagged(value, 'change')) {
    return false;
  }
  const { add, remove, ...rest } = value as Partial<ListChange>;
  return (
    Object.keys(rest).length === 1 &&
    Array.isArray(add) &&
    Array.isArray(remove) &&
    add.length + remove.length > 0 &&
    [...add, ...remove].every(isIdentity)
  );
}

function isTagged(value: unknown, tag: string): value is object {
  return typeof value === 'object' && value !== null && '$type' in value && value.$type === tag;
}

function unnamed(cmdlet: string, parameter: string): ServiceError {
  return new ServiceError('exchange.identity-refused', `${cmdlet} without -${parameter}`, {
    facts: { cmdlet, parameter },
  });
}

function refused(what: string, kind: string): ServiceError {
  return new ServiceError('powershell.command-refused', `${what} is not in the vocabulary`, {
    facts: { what, kind },
  });
}
