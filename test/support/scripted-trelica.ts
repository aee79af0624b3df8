import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type Logger, pino } from 'pino';
import { systemClock } from '../../src/clock.ts';
import { type Client, createClient, type TrelicaSettings } from '../../src/trelica/client.ts';
import { createRuns, type TrelicaRuns } from '../../src/trelica/runs.ts';
import { createSend } from '../../src/trelica/send.ts';
import { createWorkflows, type WorkflowCatalogue } from '../../src/trelica/workflows.ts';

/** A request as the server got it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string;
  readonly body: string;
}

/** Answers one request, in whatever way, or leaves it without an answer. */
export type Script = (seen: Seen, response: ServerResponse) => void;

export const CLIENT_ID = 'client-_.id';
export const CLIENT_SECRET = 'canary-secret-5f1c';

/** Gives a token with a number that counts up: `canary-token-1`, `canary-token-2` … */
function countingTokens(): Script {
  let count = 0;
  return (_seen, response) => {
    count += 1;
    answerJson(response, 200, {
      access_token: `canary-token-${count}`,
      token_type: 'Bearer',
      expires_in: 3600,
    });
  };
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

export function always(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return (_seen, response) => answerJson(response, status, body, headers);
}

export function html(status: number, text: string): Script {
  return (_seen, response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(text);
  };
}

/** One script after the other; the last one for all further requests. */
export function inTurn(...scripts: readonly Script[]): Script {
  let next = 0;
  return (seen, response) => {
    scripts[Math.min(next, scripts.length - 1)]?.(seen, response);
    next += 1;
  };
}

/** A server on loopback that does what a test says: one script for tokens, one for the API. */
export class ScriptedTrelica {
  readonly seen: Seen[] = [];
  token: Script = countingTokens();
  api: Script = always(200, {});
  readonly #server = createServer((request, response) => this.#take(request, response));

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get origin(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  get tokenRequests(): readonly Seen[] {
    return this.seen.filter(({ path }) => path === '/connect/token');
  }

  get apiRequests(): readonly Seen[] {
    return this.seen.filter(({ path }) => path !== '/connect/token');
  }

  async stop(): Promise<void> {
    if (this.#server.listening) {
      const closed = once(this.#server, 'close');
      this.#server.close();
      this.#server.closeAllConnections();
      await closed;
    }
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', this.origin);
      const seen = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        authorization: request.headers.authorization ?? '',
        body: Buffer.concat(chunks).toString(),
      };
      this.seen.push(seen);
      (seen.path === '/connect/token' ? this.token : this.api)(seen, response);
    });
  }
}

export interface Scene {
  readonly trelica: ScriptedTrelica;
  readonly client: Client;
  readonly workflows: WorkflowCatalogue;
  readonly runs: TrelicaRuns;
  /** Milliseconds that the client believes have passed; a test moves it. */
  readonly clock: { now: number };
  /** Every line logged, as text. */
  readonly logged: string[];
  readonly log: Logger;
}

/** A scripted Trelica and our client of it, gone when the test ends. */
export async function scene(
  t: TestContext,
  {
    requestTimeoutMs = 10_000,
    ...settings
  }: Partial<TrelicaSettings & { readonly requestTimeoutMs: number }> = {},
): Promise<Scene> {
  const trelica = await new ScriptedTrelica().start();
  t.after(() => trelica.stop());
  const clock = { now: 0 };
  const logged: string[] = [];
  const log: Logger = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) });
  const client = createClient(
    {
      baseUrl: new URL(trelica.origin),
      allowHttpToLoopback: true,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      ...settings,
    },
    { send: createSend(fetch, requestTimeoutMs, systemClock), now: () => clock.now },
  );
  const workflows = createWorkflows(client, () => clock.now);
  return {
    trelica,
    client,
    workflows,
    runs: createRuns({ client, workflows, log }),
    clock,
    logged,
    log,
  };
}

/** A second server, which nobody may ask for anything. */
export async function forbiddenServer(t: TestContext): Promise<ScriptedTrelica> {
  const server = await new ScriptedTrelica().start();
  t.after(async () => {
    await server.stop();
    if (server.seen.length > 0) {
      throw new Error(`a foreign server was asked for ${server.seen[0]?.path}`);
    }
  });
  return server;
}
