import { ServiceError } from '../errors.ts';
import {
  type AllowList,
  type CommandRequest,
  MAX_FRAME_BYTES,
  NAMES_NO_OBJECT,
  type ParameterValue,
  type ServiceFrame,
} from './frames.ts';

/** These name an object: nothing, blank or a wildcard there means every object. */
const NAMING_PARAMETERS = new Set(['Identity', 'Mailbox', 'User', 'Trustee', 'Member']);

/**
 * One frame as a line. Throws `powershell.value-refused` for a value that cannot cross the wire
 * unchanged or has no business there, before anything is sent.
 */
export function encodeFrame(frame: ServiceFrame): Buffer {
  const line = Buffer.from(`${JSON.stringify(frame)}\n`, 'utf8');
  if (line.length > MAX_FRAME_BYTES) {
    throw refused('the request is longer than a frame may be', { bytes: line.length });
  }
  return line;
}

/** Refuses a call outside the allow list (`powershell.command-refused`) or with a value that is none. */
export function assertRequest(request: CommandRequest, allow: AllowList): void {
  const allowed = Object.hasOwn(allow, request.command) ? allow[request.command] : undefined;
  if (allowed === undefined) {
    throw new ServiceError('powershell.command-refused', `${request.command} is not allowed`);
  }
  for (const [name, value] of Object.entries(request.parameters)) {
    if (!allowed.includes(name)) {
      const what = `${request.command} -${name}`;
      throw new ServiceError('powershell.command-refused', `${what} is not allowed`);
    }
    assertValue(name, value);
  }
  request.properties.forEach((property) => {
    assertText('property name', property);
  });
}

function assertValue(name: string, value: ParameterValue): void {
  if (NAMING_PARAMETERS.has(name) && !isName(value)) {
    throw refused(`-${name} must name one object`, { parameter: name });
  }
  if (!isValue(value)) {
    throw refused(`-${name} has a value of a kind that is not sent`, { parameter: name });
  }
  for (const text of textsOf(value)) {
    assertText(`-${name}`, text);
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && !NAMES_NO_OBJECT.test(value);
}

function isValue(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return Array.isArray(value) ? isStrings(value) : value !== null && isTagged(value);
    default:
      return false;
  }
}

const TAGS: Readonly<
  Record<string, readonly [name: string, check: (value: unknown) => boolean][]>
> = {
  'secure-string': [['value', isString]],
  certificate: [
    ['pfx', isString],
    ['password', isString],
  ],
  change: [
    ['add', isStrings],
    ['remove', isStrings],
  ],
  null: [],
};

function isTagged(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) {
    return false;
  }
  const { $type: tag, ...members } = value as Record<string, unknown>;
  const wanted = typeof tag === 'string' && Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined;
  return (
    wanted !== undefined &&
    Object.keys(members).length === wanted.length &&
    wanted.every(([name, check]) => check(members[name]))
  );
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** A hole would cross as null, and an array may bring its own idea of JSON. */
function isStrings(value: unknown): boolean {
  return Array.isArray(value) && !('toJSON' in value) && Array.from(value).every(isString);
}

function textsOf(value: ParameterValue): readonly string[] {
  if (typeof value === 'object') {
    const parts = Array.isArray(value) ? value : Object.values(value).flat();
    return parts.filter(isString);
  }
  return typeof value === 'string' ? [value] : [];
}

/** .NET replaces half of a surrogate pair by U+FFFD: another value would arrive than was sent. */
function assertText(where: string, text: string): void {
  if (!text.isWellFormed()) {
    throw refused(`${where} holds half of a surrogate pair`, { where });
  }
}

function refused(message: string, facts: Record<string, string | number>): ServiceError {
  return new ServiceError('powershell.value-refused', message, { facts });
}
