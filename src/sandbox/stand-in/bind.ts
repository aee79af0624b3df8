import type { Parameters, ParameterValue } from '../../powershell/frames.ts';
import type { DocumentedCmdlet, DocumentedParameter } from './documented.ts';
import { bindingError } from './shell-error.ts';

export interface Bound {
  readonly values: Parameters;
  /** Whether the first error ends the command (`-ErrorAction Stop`). */
  readonly stopsAtError: boolean;
}

/** Every advanced function has these; the ones that matter here. */
const COMMON = new Set(['erroraction', 'warningaction', 'verbose', 'debug', 'informationaction']);

/**
 * Binds parameters the way PowerShell does: by name or alias, to the documented type, within one
 * parameter set. Throws a binding error, as the engine would.
 */
export function bind(cmdlet: string, documented: DocumentedCmdlet, given: Parameters): Bound {
  const values: Record<string, ParameterValue> = {};
  let stopsAtError = false;
  for (const [name, value] of Object.entries(given)) {
    if (COMMON.has(name.toLowerCase())) {
      stopsAtError ||= name.toLowerCase() === 'erroraction' && value === 'Stop';
      continue;
    }
    const [known, parameter] = findParameter(cmdlet, documented, name);
    values[known] = convert(cmdlet, known, parameter.type, value);
  }
  assertSet(cmdlet, documented, Object.keys(values));
  return { values, stopsAtError };
}

function findParameter(
  cmdlet: string,
  { parameters }: DocumentedCmdlet,
  name: string,
): readonly [string, DocumentedParameter] {
  const asked = name.toLowerCase();
  const found = Object.entries(parameters).find(([known, { aliases }]) =>
    [known, ...aliases].some((one) => one.toLowerCase() === asked),
  );
  if (found === undefined) {
    const message = `A parameter cannot be found that matches parameter name '${name}'.`;
    throw bindingError('NamedParameterNotFound', cmdlet, message);
  }
  return found;
}

function convert(
  cmdlet: string,
  name: string,
  type: string,
  value: ParameterValue,
): ParameterValue {
  if (!accepts(type, value)) {
    const message = `Cannot convert the value to the type '${type}' required by parameter '${name}'.`;
    throw bindingError('CannotConvertArgument', cmdlet, message);
  }
  return value;
}

/** Types the client checks. Every other one is a type of the server's and crosses as text. */
const ACCEPTS: Readonly<Record<string, (value: ParameterValue) => boolean>> = {
  SwitchParameter: isBoolean,
  Boolean: isBoolean,
  Int32: isWhole,
  UInt32: (value) => isWhole(value) && Number(value) >= 0,
  Guid: (value) =>
    typeof value === 'string' &&
    /^[{(]?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[)}]?$/i.test(value),
  DateTime: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  SecureString: (value) => isTagged(value, 'secure-string'),
  X509Certificate2: (value) => isTagged(value, 'certificate'),
  PSCredential: () => false,
  MultiValuedProperty: (value) =>
    !isTagged(value, 'certificate') && !isTagged(value, 'secure-string'),
};

function accepts(type: string, value: ParameterValue): boolean {
  if (isTagged(value, 'null')) {
    return !['SwitchParameter', 'Int32', 'UInt32', 'Guid', 'DateTime'].includes(type);
  }
  const check = Object.hasOwn(ACCEPTS, type) ? ACCEPTS[type] : undefined;
  if (check !== undefined) {
    return check(value);
  }
  return typeof value !== 'object' || (Array.isArray(value) && type.endsWith('[]'));
}

function isBoolean(value: ParameterValue): boolean {
  return typeof value === 'boolean';
}

function isWhole(value: ParameterValue): boolean {
  return (
    (typeof value === 'number' || typeof value === 'string') && /^-?\d{1,10}$/.test(String(value))
  );
}

function isTagged(value: ParameterValue, tag: string): boolean {
  return typeof value === 'object' && '$type' in value && value.$type === tag;
}

/** Some set must have all the parameters given, and all it demands must be given. */
function assertSet(
  cmdlet: string,
  { sets, parameters }: DocumentedCmdlet,
  given: readonly string[],
): void {
  const fitting = sets.filter(({ name }) =>
    given.every((one) => parameters[one]?.sets?.includes(name) ?? true),
  );
  if (fitting.length === 0) {
    const message =
      'Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot be used together or an insufficient number of parameters were provided.';
    throw bindingError('AmbiguousParameterSet', cmdlet, message);
  }
  const missing = fitting.map(({ mandatory }) => mandatory.filter((name) => !given.includes(name)));
  if (missing.every((names) => names.length > 0)) {
    const message = `Cannot process command because of one or more missing mandatory parameters: ${missing[0]?.join(' ')}.`;
    throw bindingError('MissingMandatoryParameter', cmdlet, message);
  }
}
