import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What is counted of events as they happen. Every label is a word of ours (a cmdlet of the vocabulary, a state,
 * an error code, a route's pattern), so that neither persons nor an endless number of series can get in.
 */
export interface Metrics {
  attemptEnded(outcome: string, ms: number): void;
  jobEnded(state: string, msSinceAccepted: number): void;
  exchangeCalled(cmdlet: string, outcome: string, ms: number): void;
  trelicaAnswered(outcome: string, ms: number): void;
  signalled(outcome: string): void;
  swept(outcome: 'complete' | 'failed', runs: { accepted: number; known: number }): void;
  answered(route: string, status: number): void;
  noticed(channel: string, outcome: 'sent' | 'given-up'): void;
  /** All of it in Prometheus' text format, with the present states as `look` gives them. */
  expose(): Promise<Exposition>;
}

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** States of the moment, asked for at each scrape. */
export interface Present {
  readonly jobs: Readonly<Record<string, number>>;
  /** Nothing new is begun, since somebody asked for that. */
  readonly isPaused: boolean;
  /** How long the job that is due longest has been due; 0 if none is, or while it is paused. */
  readonly queueLagMs: number;
  readonly sessions: Readonly<Record<string, number>>;
  readonly sessionsWaiting: number;
  readonly sessionsAllowed: number;
  readonly isBreakerOpen: boolean;
  readonly sessionEvents: Readonly<Record<string, number>>;
  /** Trelica is left alone until it answers again. */
  readonly isTrelicaShut: boolean;
  /** Undefined without a certificate. */
  readonly certificateDaysLeft: number | undefined;
}

const PREFIX = 'exo_bridge_';
/** From a fast read to the quarter of an hour that Exchange may take. */
const CALL_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
/** From a small leaver to a day of outage. */
const JOB_SECONDS = [5, 15, 30, 60, 300, 900, 3_600, 14_400, 86_400];

/** The service's metrics; `look` gives the states of the moment. Starts nothing. */
export function createMetrics(look: () => Promise<Present>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const events = createEvents(registry);
  beginAtZero(events);
  const present = createPresent(registry);
  return {
    attemptEnded: (outcome, ms) => events.attempts.observe({ outcome }, ms / 1_000),
    jobEnded: (state, ms) => events.jobs.observe({ state }, ms / 1_000),
    exchangeCalled: (cmdlet, outcome, ms) =>
      events.exchange.observe({ cmdlet, outcome }, ms / 1_000),
    trelicaAnswered: (outcome, ms) => events.trelica.observe({ outcome }, ms / 1_000),
    signalled: (outcome) => events.signals.inc({ outcome }),
    swept(outcome, { accepted, known }) {
      events.sweeps.inc({ outcome });
      events.sweptRuns.inc({ result: 'accepted' }, accepted);
      events.sweptRuns.inc({ result: 'known' }, known);
    },
    answered: (route, status) => events.answers.inc({ route, status }),
    noticed: (channel, outcome) => events.notices.inc({ channel, outcome }),
    async expose() {
      present(await look());
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function createEvents(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: PREFIX + name, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: number[],
  ) => new Histogram({ name: PREFIX + name, help, labelNames, buckets, registers });
  return {
    attempts: histogram(
      'attempt_duration_seconds',
      'Attempts at jobs, by how they ended.',
      ['outcome'],
      JOB_SECONDS,
    ),
    jobs: histogram(
      'job_duration_seconds',
      'From accepting a job to its end, by end state.',
      ['state'],
      JOB_SECONDS,
    ),
    exchange: histogram(
      'exchange_call_duration_seconds',
      'Calls of cmdlets, with the wait for a session.',
      ['cmdlet', 'outcome'],
      CALL_SECONDS,
    ),
    trelica: histogram(
      'trelica_request_duration_seconds',
      'Requests to Trelica, by class of status.',
      ['outcome'],
      CALL_SECONDS,
    ),
    signals: counter('signals_total', 'Signals fired, by answer.', ['outcome']),
    sweeps: counter('sweeps_total', 'Sweeps of one workflow.', ['outcome']),
    sweptRuns: counter('swept_runs_total', 'Waiting runs that sweeps found.', ['result']),
    answers: counter('http_answers_total', 'Requests answered.', ['route', 'status']),
    notices: counter('notices_total', 'Notices to people.', ['channel', 'outcome']),
  };
}

/** What the webhook answers to a request that is not accepted. */
const WEBHOOK_FAULTS = [400, 401, 413, 415, 422, 429, 500, 503];

/** Alerts ask how much these have grown: one that only appears with its first event has not grown by it. */
function beginAtZero({ answers, notices, signals, sweeps }: ReturnType<typeof createEvents>): void {
  for (const status of WEBHOOK_FAULTS) {
    answers.inc({ route: '/webhooks/trelica', status }, 0);
  }
  for (const channel of ['webhook', 'mail']) {
    notices.inc({ channel, outcome: 'sent' }, 0);
    notices.inc({ channel, outcome: 'given-up' }, 0);
  }
  for (const outcome of ['fired', 'not-waiting', 'refused', 'unknown']) {
    signals.inc({ outcome }, 0);
  }
  for (const outcome of ['complete', 'failed']) {
    sweeps.inc({ outcome }, 0);
  }
}

function createPresent(registry: Registry): (present: Present) => void {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers });
  const jobs = gauge('jobs', 'Jobs kept, by state.', ['state']);
  const paused = gauge('paused', '1 while nothing new is begun, since somebody asked for that.');
  const lag = gauge('queue_lag_seconds', 'How long the job due longest has been due.');
  const sessions = gauge('sessions', 'Sessions, by state.', ['state']);
  const waiting = gauge('sessions_waiting', 'Calls that wait for a session.');
  const allowed = gauge('sessions_allowed', 'Sessions that may work at once; fewer if throttled.');
  const breaker = gauge('sessions_breaker_open', '1 while no session can be started.');
  const trelica = gauge('trelica_shut', '1 while Trelica is left alone until it answers again.');
  // Counted by the pool itself.
  const happened = new Counter({
    name: `${PREFIX}session_events_total`,
    help: 'What happened to sessions.',
    labelNames: ['event'],
    registers,
  });
  const certificate = gauge('certificate_days_left', 'Whole days; negative once expired.');
  return (present) => {
    fill(jobs, 'state', present.jobs);
    paused.set(present.isPaused ? 1 : 0);
    lag.set(present.queueLagMs / 1_000);
    fill(sessions, 'state', present.sessions);
    waiting.set(present.sessionsWaiting);
    allowed.set(present.sessionsAllowed);
    breaker.set(present.isBreakerOpen ? 1 : 0);
    trelica.set(present.isTrelicaShut ? 1 : 0);
    happened.reset();
    for (const [event, count] of Object.entries(present.sessionEvents)) {
      happened.inc({ event }, count);
    }
    certificate.reset();
    certificate.set(present.certificateDaysLeft ?? Number.NaN);
  };
}

function fill<L extends string>(
  gauge: Gauge<L>,
  label: L,
  values: Readonly<Record<string, number>>,
): void {
  gauge.reset();
  for (const [key, value] of Object.entries(values)) {
    gauge.set({ [label]: key } as Record<L, string>, value);
  }
}
