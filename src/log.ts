import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/**
 * The root logger, JSON lines on standard output. Parts get a child with their own fields
 * (`jobId`, `sessionId` …). Redaction is a belt: no part may log a secret in the first place.
 */
export function createLog(settings: LogSettings): Logger {
  return pino({
    name: 'exo-bridge',
    level: settings.level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
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
      ],
      censor: '[redacted]',
    },
  });
}
