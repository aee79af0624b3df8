import type { Handler } from '../jobs/runner.ts';
import type { Sessions } from '../powershell/sessions.ts';
import type { Tracing } from '../telemetry/tracing.ts';

/** The parts as they are, each piece of their work a span. */

export function traceHandler(handler: Handler, tracing: Tracing): Handler {
  return (work) =>
    tracing.within(
      'attempt at a job',
      { 'job.id': work.job.id, 'job.attempt': work.job.attempts },
      () => handler(work),
      ({ kind }) => kind,
    );
}

export function traceSessions(sessions: Sessions, tracing: Tracing): Sessions {
  return {
    run: (request, limits) =>
      tracing.within(
        request.command,
        {},
        () => sessions.run(request, limits),
        ({ kind }) => kind,
      ),
  };
}

/** Neither path nor query: they hold ids of runs, and of persons some day. */
export function traceFetch(
  fetch: typeof globalThis.fetch,
  tracing: Tracing,
): typeof globalThis.fetch {
  return (input, init) =>
    tracing.within(
      `Trelica ${init?.method ?? 'GET'}`,
      {},
      () => fetch(input, init),
      ({ status }) => String(status),
    );
}
