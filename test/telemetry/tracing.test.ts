import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.ts';
import { ServiceError } from '../../src/errors.ts';
import { traceFetch, traceHandler, traceSessions } from '../../src/service/trace.ts';
import { startTracing } from '../../src/telemetry/start-tracing.ts';
import type { Tracing } from '../../src/telemetry/tracing.ts';

interface SentSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { key: string; value: Record<string, unknown> }[];
  readonly status: { code: number; message?: string };
}

/** A collector; the answer is what it was sent once the tracing has stopped. */
async function collected(use: (tracing: Tracing) => Promise<void>, status = 200) {
  const bodies: string[] = [];
  const paths: string[] = [];
  let lines = '';
  const server = createServer(async (request, response) => {
    paths.push(request.url ?? '');
    bodies.push(await text(request));
    response.writeHead(status).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const write = (line: string) => {
    lines += line;
  };
  const tracing = await startTracing({
    endpoint: new URL(`http://127.0.0.1:${port}/base/`),
    clock: systemClock,
    log: pino({}, { write }),
  });
  await use(tracing);
  await tracing.stop();
  server.closeAllConnections();
  server.close();
  const spans: SentSpan[] = bodies.flatMap((body) =>
    JSON.parse(body).resourceSpans.flatMap((resource: { scopeSpans: { spans: SentSpan[] }[] }) =>
      resource.scopeSpans.flatMap((scope) => scope.spans),
    ),
  );
  return { spans, paths, raw: bodies.join(''), lines };
}

const REQUEST = {
  command: 'Set-Mailbox',
  parameters: { Identity: 'canary@example.org' },
  properties: [],
};

test('an attempt is a trace, and its calls are parts of it, without a word of what they are about', async () => {
  const { spans, paths, raw } = await collected(async (tracing) => {
    const sessions = traceSessions(
      { run: async () => ({ kind: 'completed', rows: [{ Name: 'canary' }], warnings: [] }) },
      tracing,
    );
    const fetch = traceFetch(async () => new Response('canary'), tracing);
    const handler = traceHandler(async () => {
      await sessions.run(REQUEST, { timeoutMs: 1 });
      await fetch('https://canary.example/runs?email=canary', { method: 'POST' });
      return { kind: 'done' };
    }, tracing);
    const job = { id: 'job-1', attempts: 2 };
    await handler({ job } as Parameters<typeof handler>[0]);
  });
  assert.deepEqual(paths, ['/base/v1/traces']);
  const attempt = spans.find(({ name }) => name === 'attempt at a job');
  assert.deepEqual(
    spans.map(({ name, parentSpanId }) => [name, parentSpanId === attempt?.spanId]),
    [
      ['Set-Mailbox', true],
      ['Trelica POST', true],
      ['attempt at a job', false],
    ],
  );
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assert.deepEqual(
    attempt?.attributes.map(({ key }) => key),
    ['job.id', 'job.attempt', 'outcome'],
  );
  assert.doesNotMatch(raw, /canary/);
});

test('what failed has its code, not its sentence', async () => {
  const { spans, raw } = await collected(async (tracing) => {
    const failing = async () => {
      throw new ServiceError('exchange.not-found', 'canary is not there');
    };
    const sessions = traceSessions({ run: failing }, tracing);
    await assert.rejects(sessions.run(REQUEST, { timeoutMs: 1 }), { code: 'exchange.not-found' });
  });
  assert.deepEqual(spans[0]?.status, { code: 2, message: 'exchange.not-found' });
  assert.doesNotMatch(raw, /canary/);
});

test('a collector that refuses is told once, and nothing else comes of it', async () => {
  const { lines } = await collected(async (tracing) => {
    const worked = await tracing.within('x', {}, async () => 'done', String);
    assert.equal(worked, 'done');
  }, 400);
  assert.match(lines, /"isAway":true/);
});
