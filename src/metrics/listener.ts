import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from './metrics.ts';

export interface ScrapeListener {
  /** Gives its address, e.g. http://127.0.0.1:9464/metrics. Throws `config.invalid` if it cannot listen there. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>;
  /** Also if it never listened. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves `GET /metrics`, and nothing else, on an address of its own: who may scrape is the network's business,
 * and the public address shows nothing of it.
 */
export function createScrapeListener(
  metrics: Pick<Metrics, 'expose'>,
  log: Logger,
): ScrapeListener {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answer(request, response, metrics, log);
  });
  return {
    async listen({ host, port }) {
      try {
        server.listen({ host, port });
        await once(server, 'listening');
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : 'unknown fault';
        const message = `metrics.listen: cannot listen on ${host}:${port}: ${why}`;
        throw new ServiceError('config.invalid', message, { cause });
      }
      const { address, family, port: taken } = server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/metrics`;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Never rejects. */
async function answer(
  { method, url }: IncomingMessage,
  response: ServerResponse,
  metrics: Pick<Metrics, 'expose'>,
  log: Logger,
): Promise<void> {
  if (method !== 'GET' || url?.split('?')[0] !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  try {
    const { contentType, text } = await metrics.expose();
    response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text);
  } catch (error) {
    log.error({ err: error }, 'metrics cannot be read');
    response.writeHead(500).end();
  }
}
