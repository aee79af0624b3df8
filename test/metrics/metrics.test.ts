import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pino } from 'pino';
import { parse } from 'yaml';
import { ServiceError } from '../../src/errors.ts';
import { createScrapeListener } from '../../src/metrics/listener.ts';
import { createMetrics, type Present } from '../../src/metrics/metrics.ts';
import type { Runs } from '../../src/offboarding/ports.ts';
import {
  observeAttempts,
  observeFetch,
  observeRuns,
  observeSessions,
  observeSweep,
} from '../../src/service/observe.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const PRESENT: Present = {
  jobs: { queued: 2, 'needs-attention': 1 },
  isPaused: true,
  queueLagMs: 1_500,
  sessions: { idle: 1, busy: 0 },
  sessionsWaiting: 3,
  sessionsAllowed: 2,
  isBreakerOpen: true,
  sessionEvents: { started: 4, lost: 1 },
  isTrelicaShut: true,
  certificateDaysLeft: 12,
};
const ALERTS = readFileSync('deploy/prometheus/alerts.yml', 'utf8');
const DASHBOARD = readFileSync('deploy/grafana/exo-bridge.json', 'utf8');

test('the states of the moment are those of the moment', async () => {
  let present = PRESENT;
  const metrics = createMetrics(async () => present);
  const first = (await metrics.expose()).text;
  assert.match(first, /^exo_bridge_jobs\{state="needs-attention"\} 1$/m);
  assert.match(first, /^exo_bridge_paused 1$/m);
  assert.match(first, /^exo_bridge_queue_lag_seconds 1.5$/m);
  assert.match(first, /^exo_bridge_sessions_breaker_open 1$/m);
  assert.match(first, /^exo_bridge_session_events_total\{event="started"\} 4$/m);
  assert.match(first, /^exo_bridge_trelica_shut 1$/m);
  assert.match(first, /^exo_bridge_certificate_days_left 12$/m);
  present = { ...PRESENT, jobs: { queued: 1 }, sessionEvents: { started: 5 } };
  const second = (await metrics.expose()).text;
  assert.doesNotMatch(second, /needs-attention/);
  assert.match(second, /^exo_bridge_session_events_total\{event="started"\} 5$/m);
});

test('what an alert counts the growth of is there before it grows', async () => {
  const { text } = await createMetrics(async () => PRESENT).expose();
  for (const line of [
    'exo_bridge_http_answers_total{route="/webhooks/trelica",status="401"} 0',
    'exo_bridge_http_answers_total{route="/webhooks/trelica",status="503"} 0',
    'exo_bridge_notices_total{channel="mail",outcome="given-up"} 0',
    'exo_bridge_signals_total{outcome="refused"} 0',
    'exo_bridge_sweeps_total{outcome="failed"} 0',
  ]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
});

test('the parts of the service tell what they do, in words of ours', async () => {
  const metrics = createMetrics(async () => PRESENT);
  const clock = new VirtualClock();
  const failing = async () => {
    throw new ServiceError('powershell.session-lost', 'canary');
  };
  const done = { kind: 'completed', rows: [], warnings: [] } as const;
  const request = { command: 'Get-Mailbox', parameters: { Identity: 'canary' }, properties: [] };
  await observeSessions({ run: async () => done }, metrics, clock).run(request, { timeoutMs: 1 });
  const lost = observeSessions({ run: failing }, metrics, clock);
  await assert.rejects(lost.run(request, { timeoutMs: 1 }));

  const statuses = [200, 404, 429, 503];
  for (const status of statuses) {
    const fetch = async () => new Response(null, { status });
    await observeFetch(fetch, metrics, clock)('http://canary.example');
  }
  await assert.rejects(observeFetch(failing, metrics, clock)('http://canary.example'));

  const run = {
    workflowId: 'w',
    runId: 'r',
    stepId: 's',
    iteration: undefined,
    person: undefined,
    personId: undefined,
  };
  const action = { name: 'canary', path: '/' };
  const runs: Runs = {
    read: failing,
    search: failing,
    fire: async () => ({ kind: 'fired' }) as const,
  };
  const step = { kind: 'waiting', actions: [action] } as const;
  await observeRuns(runs, metrics).fire({ ...run, step }, action);

  const error = { code: 'trelica.unreachable', message: 'canary' } as const;
  const swept = { workflow: 'canary', waiting: 1, accepted: 1, known: 0 };
  const report = { workflows: [swept, { ...swept, error }] };
  const sweep = observeSweep(async () => report, metrics);
  // Two callers of one sweep.
  await Promise.all([sweep(), sweep()]);

  const job = { createdAt: 0 };
  const reason = { code: 'canary', message: 'canary' };
  await clock.pass(40_000);
  observeAttempts(metrics, clock)(job, { state: 'done' }, 900);
  const wait = { state: 'waiting', dueAt: 1, reason, countsAs: 'outage' } as const;
  observeAttempts(metrics, clock)(job, wait, 900);
  observeAttempts(metrics, clock)(job, { state: 'held', reason }, 900);

  const { text } = await metrics.expose();
  for (const line of [
    'exo_bridge_exchange_call_duration_seconds_count{cmdlet="Get-Mailbox",outcome="completed"} 1',
    'exo_bridge_exchange_call_duration_seconds_count{cmdlet="Get-Mailbox",outcome="powershell.session-lost"} 1',
    'exo_bridge_trelica_request_duration_seconds_count{outcome="4xx"} 1',
    'exo_bridge_trelica_request_duration_seconds_count{outcome="429"} 1',
    'exo_bridge_trelica_request_duration_seconds_count{outcome="unreachable"} 1',
    'exo_bridge_signals_total{outcome="fired"} 1',
    'exo_bridge_sweeps_total{outcome="failed"} 1',
    'exo_bridge_swept_runs_total{result="accepted"} 2',
    'exo_bridge_attempt_duration_seconds_count{outcome="waiting-outage"} 1',
    'exo_bridge_attempt_duration_seconds_count{outcome="held"} 1',
    'exo_bridge_job_duration_seconds_sum{state="done"} 40',
  ]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
  assert.doesNotMatch(text, /canary|job_duration_seconds_count\{state="held"/);
});

const ANYWHERE = { host: '127.0.0.1', port: 0 };
const LOG = pino({ level: 'silent' });

test('only /metrics answers, and only there', async () => {
  const metrics = createMetrics(async () => PRESENT);
  const listener = createScrapeListener(metrics, LOG);
  const other = createScrapeListener(metrics, LOG);
  const url = await listener.listen(ANYWHERE);
  try {
    const scraped = await fetch(url);
    assert.equal(scraped.status, 200);
    assert.match(scraped.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(await scraped.text(), /^# HELP exo_bridge_jobs /m);
    assert.equal((await fetch(url.replace('/metrics', '/'))).status, 404);
    assert.equal((await fetch(url, { method: 'POST' })).status, 404);
    const taken = other.listen({ ...ANYWHERE, port: Number(new URL(url).port) });
    await assert.rejects(taken, { code: 'config.invalid', message: /metrics\.listen.*EADDRINUSE/ });
  } finally {
    await Promise.all([listener.close(), other.close()]);
  }
});

test('a scrape that fails is an answer, not an end', async () => {
  const metrics = createMetrics(async () => {
    throw new ServiceError('jobs.store-unusable', 'the disk is full');
  });
  const listener = createScrapeListener(metrics, LOG);
  assert.equal((await fetch(await listener.listen(ANYWHERE))).status, 500);
  await listener.close();
});

test('every metric that dashboard and alerts name exists', async () => {
  const { text } = await createMetrics(async () => PRESENT).expose();
  const kinds = new Map(
    [...text.matchAll(/^# TYPE (exo_bridge_\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]),
  );
  const named = new Set(`${ALERTS}${DASHBOARD}`.match(/exo_bridge_\w+/g));
  const unknown = [...named].filter((name) => {
    const base = name.replace(/_(bucket|count|sum)$/, '');
    return !(kinds.has(name) || kinds.get(base) === 'histogram');
  });
  assert.deepEqual(unknown, []);
  const shown = [...kinds.keys()].filter((name) => !DASHBOARD.includes(name ?? ''));
  assert.deepEqual(shown, [], 'the dashboard leaves something out');
});

test('every alert has a section in docs/operating.md', () => {
  const { groups } = parse(ALERTS) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const page = readFileSync('docs/operating.md', 'utf8');
  const sections = [...page.matchAll(/^### `?(ExoBridge\w+)`?$/gm)].map(([, name]) => name);
  assert.ok(alerts.length > 10);
  assert.deepEqual(sections.toSorted(), alerts.toSorted());
});
