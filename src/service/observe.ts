import type { Clock } from '../clock.ts';
import { codeOf } from '../errors.ts';
import type { AttemptEnd } from '../jobs/runner.ts';
import { ENDED } from '../jobs/states.ts';
import type { Job } from '../jobs/store.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Runs, SweepReport } from '../offboarding/ports.ts';
import type { Sessions } from '../powershell/sessions.ts';

/** The parts as they are, each telling the metrics what it did: no room needs to know that it is watched. */

export function observeSessions<S extends Sessions>(
  sessions: S,
  metrics: Pick<Metrics, 'exchangeCalled'>,
  clock: Clock,
): Sessions {
  return {
    async run(request, limits) {
      const startedAt = clock.now();
      const tell = (outcome: string) =>
        metrics.exchangeCalled(request.command, outcome, clock.now() - startedAt);
      try {
        const outcome = await sessions.run(request, limits);
        tell(outcome.kind);
        return outcome;
      } catch (error) {
        tell(codeOf(error));
        throw error;
      }
    },
  };
}

/** By class of status: 404 is an answer like others, 429 is worth its own word. */
export function observeFetch(
  fetch: typeof globalThis.fetch,
  metrics: Pick<Metrics, 'trelicaAnswered'>,
  clock: Clock,
): typeof globalThis.fetch {
  return async (input, init) => {
    const startedAt = clock.now();
    const tell = (outcome: string) => metrics.trelicaAnswered(outcome, clock.now() - startedAt);
    try {
      const response = await fetch(input, init);
      tell(response.status === 429 ? '429' : `${Math.floor(response.status / 100)}xx`);
      return response;
    } catch (error) {
      tell('unreachable');
      throw error;
    }
  };
}

export function observeRuns<R extends Runs>(runs: R, metrics: Pick<Metrics, 'signalled'>): R {
  return {
    ...runs,
    async fire(...parameters: Parameters<Runs['fire']>) {
      try {
        const answer = await runs.fire(...parameters);
        metrics.signalled(answer.kind);
        return answer;
      } catch (error) {
        metrics.signalled('unknown');
        throw error;
      }
    },
  };
}

export function observeSweep(
  sweep: () => Promise<SweepReport>,
  metrics: Pick<Metrics, 'swept'>,
): () => Promise<SweepReport> {
  let told: SweepReport | undefined;
  return async () => {
    const report = await sweep();
    // Who came during a sweep gets the report of that one.
    if (report === told) {
      return report;
    }
    told = report;
    for (const { error, ...runs } of report.workflows) {
      metrics.swept(error === undefined ? 'complete' : 'failed', runs);
    }
    return report;
  };
}

/** Of an attempt that the job waits after: why. A held job has not ended. */
export function observeAttempts(
  metrics: Pick<Metrics, 'attemptEnded' | 'jobEnded'>,
  clock: Clock,
): (job: Pick<Job, 'createdAt'>, end: AttemptEnd, ms: number) => void {
  return (job, end, ms) => {
    if (end.state === 'waiting') {
      metrics.attemptEnded(`waiting-${end.countsAs}`, ms);
    } else {
      metrics.attemptEnded(end.state, ms);
    }
    if (ENDED.includes(end.state)) {
      metrics.jobEnded(end.state, clock.now() - job.createdAt);
    }
  };
}
