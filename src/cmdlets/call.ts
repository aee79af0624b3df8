import { ServiceError } from '../errors.ts';
import { CMDLETS, type CmdletName, type ValueKind } from './cmdlets.ts';
import { type Identity, parseIdentity } from './identity.ts';

interface Values {
  identity: Identity;
  text: string;
  texts: readonly string[];
  flag: boolean;
}
type Kinds<N extends CmdletName> = (typeof CMDLETS)[N]['parameters'];
type ValueOf<K> = K extends keyof Values ? Values[K] : never;

type Required<N extends CmdletName> = (typeof CMDLETS)[N]['required'][number];

/** The parameters of one cmdlet, each with the type of its value. */
export type ParametersOf<N extends CmdletName> = {
  readonly [P in keyof Kinds<N> as P extends Required<N> ? P : never]: ValueOf<Kinds<N>[P]>;
} & {
  readonly [P in keyof Kinds<N> as P extends Required<N> ? never : P]?: ValueOf<Kinds<N>[P]>;
};

/** One cmdlet call as data: what is planned, shown, sent and stored. */
export interface Call {
  readonly cmdlet: CmdletName;
  readonly parameters: Readonly<Record<string, string | boolean | readonly string[]>>;
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
  const cmdlet = Object.hasOwn(CMDLETS, candidate.cmdlet) ? CMDLETS[candidate.cmdlet] : undefined;
  if (cmdlet === undefined) {
    throw refused(candidate.cmdlet, 'cmdlet');
  }
  const kinds: Readonly<Record<string, ValueKind>> = cmdlet.parameters;
  for (const [name, value] of Object.entries(candidate.parameters)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined || !CHECKS[kind](value)) {
      throw refused(`${candidate.cmdlet} -${name}`, 'parameter');
    }
  }
  const missing = cmdlet.required.find((name) => candidate.parameters[name] === undefined);
  if (missing !== undefined) {
    throw kinds[missing] === 'identity'
      ? unnamed(candidate.cmdlet, missing)
      : refused(`${candidate.cmdlet} without -${missing}`, 'parameter');
  }
  return candidate;
}

const CHECKS: Record<ValueKind, (value: unknown) => boolean> = {
  identity: (value) => parseIdentity(value) === value,
  text: isFilled,
  texts: (value) => Array.isArray(value) && value.length > 0 && value.every(isFilled),
  flag: (value) => typeof value === 'boolean',
};

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
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
