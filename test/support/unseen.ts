import { createMetrics } from '../../src/metrics/metrics.ts';
import { NO_TRACING } from '../../src/telemetry/tracing.ts';

/** Surroundings of a service that nobody watches. */
export const UNSEEN = {
  certificate: undefined,
  metrics: createMetrics(() => Promise.reject(new Error('nobody looks'))),
  tracing: NO_TRACING,
  onLeft: () => undefined,
} as const;
