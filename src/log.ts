import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import { codeOf } from './errors.ts';
import { maySayNames, type PersonalData, withAddresses } from './personal-data.ts';

export type { Logger } from 'pino';

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly personalData: PersonalData;
}

const SECRETS = [
  'password',
  'token',
  'secret',
  'clientSecret',
  'authorization',
  '*.password',
  '*.token',
  '*.secret',
  '*.clientSecret',
  '*.authorization',
  'req.headers',
];
/** What a session or a worker printed: words of Exchange, and so names. */
const FOREIGN_WORDS = ['console', 'message', 'err.facts.excerpt'];

/**
 * The root logger, JSON lines on standard output unless another stream is given. Parts get a child with their
 * own fields (`jobId`, `sessionId` …). Redaction is a belt: no part may log a secret in the first place.
 */
export function createLog(
  { level, personalData }: LogSettings,
  stream?: DestinationStream,
): Logger {
  const options = {
    name: 'exo-bridge',
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: (error: unknown) => describe(error, personalData) },
    redact: {
      paths: personalData === 'full' ? SECRETS : [...SECRETS, ...FOREIGN_WORDS],
      censor: '[redacted]',
    },
    // Whatever field an address is in, also one that nobody thought of.
    hooks: { streamWrite: (line: string) => withAddresses(line, personalData) },
  };
  return stream === undefined ? pino(options) : pino(options, stream);
}

/** The job's report has the whole sentence; the log has code, facts and the place in the program. */
function describe(error: unknown, level: PersonalData): unknown {
  if (!(error instanceof Error)) {
    return error;
  }
  const described = stdSerializers.err(error);
  if (level === 'full' || !chainOf(error).some((one) => maySayNames(codeOf(one)))) {
    return described;
  }
  const { type, code, facts } = described;
  return { type, code, facts, message: '[withheld: see the job]', stack: placesIn(error) };
}

function chainOf(error: Error): readonly Error[] {
  return error.cause instanceof Error ? [error, ...chainOf(error.cause)] : [error];
}

function placesIn({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
