import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span, Tracer } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Clock } from '../clock.ts';
import { codeOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Tracing } from './tracing.ts';

export interface TracingParts {
  /** Of the collector, without `/v1/traces`. */
  readonly endpoint: URL;
  readonly clock: Clock;
  readonly log: Logger;
}

const EXPORT_TIMEOUT_MS = 10_000;
const STOP_WITHIN_MS = 5_000;

/**
 * Sends spans to a collector by OTLP over HTTP. The packages are loaded only here, so that who wants no traces
 * does not even have them in memory. The exporter's queue is bounded: spans are dropped, jobs never wait.
 */
export async function startTracing({ endpoint, clock, log }: TracingParts): Promise<Tracing> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const url = new URL(`${endpoint.pathname.replace(/\/$/, '')}/v1/traces`, endpoint).href;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'exo-bridge' }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: telling(exporter, log) })],
  });
  const within = createWithin(provider.getTracer('exo-bridge'), api);
  return {
    within,
    async stop() {
      const late = Promise.withResolvers<void>();
      const callOff = clock.after(STOP_WITHIN_MS, late.resolve);
      await Promise.race([provider.shutdown().catch(() => undefined), late.promise]);
      callOff();
    },
  };
}

function createWithin(
  tracer: Tracer,
  { ROOT_CONTEXT, SpanStatusCode, trace }: typeof import('@opentelemetry/api'),
): Tracing['within'] {
  const current = new AsyncLocalStorage<Span>();
  return async (name, facts, work, outcomeOf) => {
    const parent = current.getStore();
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
    const span = tracer.startSpan(name, { attributes: { ...facts } }, context);
    try {
      const result = await current.run(span, work);
      span.setAttribute('outcome', outcomeOf(result));
      return result;
    } catch (error) {
      // Its sentence may hold names.
      span.setStatus({ code: SpanStatusCode.ERROR, message: codeOf(error) });
      throw error;
    } finally {
      span.end();
    }
  };
}

/** A collector that is away is worth a line when it goes and one when it comes back, not one for each batch. */
function telling(exporter: SpanExporter, log: Logger): SpanExporter {
  let isAway = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const hasFailed = result.error !== undefined;
        if (hasFailed !== isAway) {
          isAway = hasFailed;
          log[isAway ? 'warn' : 'info']({ isAway }, 'traces and their collector');
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
