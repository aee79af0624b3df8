import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { FilterError, parseFilter } from './filter.ts';
import { Run, type RunShape } from './run.ts';
import { TokenDesk } from './token-desk.ts';
import { callWebhook, type Webhook } from './webhook.ts';
import {
  type Definition,
  defineWorkflow,
  describeDefinition,
  idFor,
  type TrelicaPerson,
} from './workflow.ts';

export interface TrelicaOptions {
  readonly people: readonly TrelicaPerson[];
  readonly seed?: number;
  readonly port?: number;
  /** Time each answer takes. */
  readonly latencyMs?: number;
  readonly workflow?: string;
  /** Where the API request step calls; without it the step completes by itself, for those who only poll. */
  readonly webhook?: Webhook;
  /** How it calls: over the network unless something else is given. */
  readonly callWebhook?: typeof callWebhook;
  /** Milliseconds since the epoch; the clock on the wall unless it is given. */
  readonly now?: () => number;
}

export interface RunningTrelica {
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly workflow: { readonly id: string; readonly name: string };
  /** Starts the workflow for a person, as the HR system does on their last day. */
  startRun(
    email: string,
    shape?: RunShape,
  ): Promise<{ readonly workflowId: string; readonly runId: string }>;
  setWebhook(webhook: Webhook | undefined): void;
  /** Every run, with how its signal was called. */
  runs(): readonly Run[];
  /** What the next requests of a kind meet instead of an answer. */
  order(fault: FaultOrder): void;
  /** What every request meets from now on; undefined ends it. */
  setOutage(outage: Outage | undefined): void;
  close(): Promise<void>;
}

const faultOrder = z.object({
  target: z.enum(['token', 'workflows', 'runs', 'run', 'fire', 'person']),
  kind: z.enum(['status', 'reset', 'reset-after-effect', 'html']),
  status: z.int().min(400).max(599).default(503),
  count: z.int().min(1).default(1),
});
export type FaultOrder = z.input<typeof faultOrder>;
const outage = z.object({
  kind: z.enum(['status', 'reset', 'html']),
  status: z.int().min(400).max(599).default(503),
});
export type Outage = z.input<typeof outage>;
type Target = z.infer<typeof faultOrder>['target'];

/** A request as it came in, whole. */
export interface Question {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts a simulated Trelica on a loopback port. What it promises: ../README.md. */
export async function startTrelica(options: TrelicaOptions): Promise<RunningTrelica> {
  const trelica = new Trelica(options);
  const server = createServer((request, response) => {
    void trelica.serve(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  trelica.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl: trelica.baseUrl,
    clientId: trelica.desk.clientId,
    clientSecret: trelica.desk.clientSecret,
    workflow: { id: trelica.definition.id, name: trelica.definition.name },
    startRun: (email, shape) => trelica.startRun(email, shape),
    setWebhook: (webhook) => {
      trelica.webhook = webhook;
    },
    runs: () => [...trelica.runs.values()],
    setOutage: (given) => {
      trelica.outage = given && outage.parse(given);
    },
    order: (fault) => trelica.faults.push(faultOrder.parse(fault)),
    close: async () => {
      await trelica.settled();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** Trelica's workflows, runs and tokens in memory, without the network. */
export class Trelica {
  baseUrl = '';
  webhook: Webhook | undefined;
  outage: z.infer<typeof outage> | undefined;
  readonly desk: TokenDesk;
  readonly definition: Definition;
  readonly runs = new Map<string, Run>();
  readonly faults: z.infer<typeof faultOrder>[] = [];
  readonly #options: TrelicaOptions;
  readonly #seed: number;
  readonly #now: () => number;
  readonly #calling = new Set<Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(options: TrelicaOptions) {
    this.#options = options;
    this.#seed = options.seed ?? 1;
    this.webhook = options.webhook;
    this.definition = defineWorkflow(this.#seed, options.workflow ?? 'Person leaves');
    const secret = randomBytes(24).toString('base64url');
    this.#now = options.now ?? Date.now;
    this.desk = new TokenDesk(idFor(this.#seed, 'client'), secret, this.#now);
  }

  async startRun(email: string, shape?: RunShape): Promise<{ workflowId: string; runId: string }> {
    const person = this.#options.people.find((one) => one.email === email);
    if (person === undefined) {
      throw new RangeError(`nobody here has the address ${email}`);
    }
    const id = idFor(this.#seed, `run:${this.runs.size}`);
    const run = new Run(
      id,
      person,
      this.definition,
      { baseUrl: this.baseUrl, now: this.#now },
      shape,
    );
    this.runs.set(id, run);
    this.#track(this.#apiRequest(run));
    return { workflowId: this.definition.id, runId: id };
  }

  /** Waits for the webhooks under way, which are given up. */
  async settled(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#calling);
  }

  /** Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await delay(this.#options.latencyMs ?? 0);
      const url = new URL(request.url ?? '/', this.baseUrl);
      if (this.outage !== undefined && !url.pathname.startsWith('/sandbox/')) {
        return misbehave(response, this.outage);
      }
      const method = request.method ?? '';
      const fault = this.#takeFault(targetOf(method, url.pathname));
      if (fault !== undefined && fault.kind !== 'reset-after-effect') {
        return misbehave(response, fault);
      }
      const { authorization } = request.headers;
      const body = await readBody(request);
      const answer = await this.answer({ method, url, authorization, body });
      if (fault !== undefined) {
        response.destroy();
        return;
      }
      send(response, answer);
    } catch (error) {
      send(response, problem(400, error instanceof Error ? error.message : 'not possible'));
    }
  }

  async #apiRequest(run: Run): Promise<void> {
    if (this.webhook === undefined) {
      run.apiRequestAnswered({});
      return;
    }
    const facts = {
      workflowId: this.definition.id,
      runId: run.id,
      workflow: this.definition.name,
      email: run.person.email,
    };
    const call = this.#options.callWebhook ?? callWebhook;
    const outcome = await call(this.webhook, facts, this.#stopped.signal);
    if (outcome.kind === 'answered') {
      run.apiRequestAnswered(outcome.fields);
    } else {
      run.apiRequestFailed(outcome.message);
    }
  }

  #track(work: Promise<void>): void {
    this.#calling.add(work);
    void work.finally(() => this.#calling.delete(work));
  }

  #takeFault(target: Target | undefined): z.infer<typeof faultOrder> | undefined {
    const index = this.faults.findIndex((fault) => fault.target === target);
    const fault = this.faults[index];
    if (fault !== undefined) {
      fault.count -= 1;
      if (fault.count === 0) {
        this.faults.splice(index, 1);
      }
    }
    return fault;
  }

  /** Rejects with what is wrong with the request. */
  async answer({ method, url, authorization, body }: Question): Promise<Answer> {
    if (url.pathname.startsWith('/sandbox/')) {
      return this.#control(method, url.pathname, body);
    }
    const target = targetOf(method, url.pathname);
    if (target === 'token') {
      return this.desk.issue(authorization, body);
    }
    const refusal = this.desk.check(authorization, SCOPES[target ?? 'run']);
    if (refusal !== undefined) {
      return refusal;
    }
    if (target === 'person') {
      return this.#person(decodeURIComponent(url.pathname.split('/').at(-1) ?? ''));
    }
    const [workflowId, , runId, , stepId, action] = url.pathname
      .replace(/^\/api\/workflows\/v1\/?/, '')
      .split('/')
      .map(decodeURIComponent);
    if (target === 'workflows') {
      return this.#page(url, [describeDefinition(this.definition)]);
    }
    const run = this.runs.get(runId ?? '');
    if (target === undefined || workflowId !== this.definition.id || (target !== 'runs' && !run)) {
      return problem(404, 'Not Found');
    }
    if (target === 'runs') {
      return this.#page(
        url,
        [...this.runs.values()].map((one) => one.describe()),
      );
    }
    return target === 'run'
      ? { status: 200, body: run?.describe() }
      : fired(run?.fire(stepId ?? '', action ?? '', url.searchParams.get('iterationId')));
  }

  /** Whom a run is about, by id or address. */
  #person(idOrEmail: string): Answer {
    const run = [...this.runs.values()].find(
      ({ personId, person }) => personId === idOrEmail || person.email === idOrEmail,
    );
    return run === undefined
      ? problem(404, 'Not Found')
      : { status: 200, body: run.describePerson() };
  }

  #page(url: URL, all: readonly { id: string; name: string }[]): Answer {
    const query = url.searchParams;
    const limit = Number(query.get('limit') ?? 100);
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
      return problem(400, 'limit must be from 1 to 1000');
    }
    const filter = query.get('filter');
    const search = query.get('q');
    const test = filter === null ? () => true : parseFilter(filter);
    const found = all
      .filter(test)
      .filter((one) => search === null || one.id === search || one.name.includes(search));
    const start = Number(query.get('after') ?? 0);
    const results = found.slice(start, start + limit);
    if (start + limit >= found.length) {
      return { status: 200, body: { results } };
    }
    const next = new URL(url);
    next.searchParams.set('after', String(start + limit));
    const headers = { link: `<${next.href}>; rel="next"` };
    return { status: 200, body: { next: next.href, results }, headers };
  }

  /** For whoever rehearses: not part of Trelica. */
  async #control(method: string, path: string, body: string): Promise<Answer> {
    switch (`${method} ${path}`) {
      case 'POST /sandbox/runs': {
        const { email, ...shape } = runBody.parse(JSON.parse(body));
        return { status: 201, body: await this.startRun(email, shape) };
      }
      case 'GET /sandbox/runs': {
        const runs = [...this.runs.values()].map((run) => ({
          runId: run.id,
          email: run.person.email,
          status: run.status,
          firings: run.firings,
        }));
        return { status: 200, body: { runs } };
      }
      case 'PUT /sandbox/webhook':
        this.webhook = webhookBody.parse(JSON.parse(body));
        return { status: 204 };
      case 'PUT /sandbox/outage':
        this.outage = outage.parse(JSON.parse(body));
        return { status: 204 };
      case 'DELETE /sandbox/outage':
        this.outage = undefined;
        return { status: 204 };
      case 'POST /sandbox/faults':
        this.faults.push(faultOrder.parse(JSON.parse(body)));
        return { status: 204 };
      default:
        return problem(404, 'Not Found');
    }
  }
}

const runBody = z.object({
  email: z.string(),
  managerIn: z.enum(['run', 'step', 'record']).optional(),
  rounds: z.int().min(1).max(20).optional(),
});

const webhookBody = z.object({
  url: z.url(),
  token: z.string(),
  body: z.enum(['ids', 'person']).default('ids'),
});

const SCOPES: Readonly<Record<Target, string>> = {
  token: '',
  workflows: 'Workflows.Read',
  runs: 'Workflows.Runs.Read',
  run: 'Workflows.Runs.Read',
  fire: 'Workflows.Runs.Execute',
  person: 'People.Read',
};

function targetOf(method: string, path: string): Target | undefined {
  const routes: readonly [RegExp, Target][] = [
    [/^POST \/connect\/token$/, 'token'],
    [/^GET \/api\/people\/v1\/[^/]+$/, 'person'],
    [/^GET \/api\/workflows\/v1$/, 'workflows'],
    [/^GET \/api\/workflows\/v1\/[^/]+\/runs$/, 'runs'],
    [/^GET \/api\/workflows\/v1\/[^/]+\/runs\/[^/]+$/, 'run'],
    [/^POST \/api\/workflows\/v1\/[^/]+\/runs\/[^/]+\/firedSignals\/[^/]+\/[^/]+$/, 'fire'],
  ];
  return routes.find(([pattern]) => pattern.test(`${method} ${path}`))?.[1];
}

function fired(outcome: ReturnType<Run['fire']> | undefined): Answer {
  switch (outcome) {
    case 'fired':
      return { status: 200 };
    case 'not-waiting':
      return problem(409, 'The step is not waiting');
    case 'unknown-action':
      return problem(400, 'The step offers no such action');
    default:
      return problem(404, 'Not Found');
  }
}

/** https://www.1password.dev/api-reference/workflows/fire-a-signal */
export function problem(status: number, detail: string): Answer {
  const trace = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: { type: 'about:blank', title: detail, status, detail, traceId: trace },
  };
}

function misbehave(
  response: ServerResponse,
  fault: Pick<z.infer<typeof faultOrder>, 'kind' | 'status'>,
): void {
  if (fault.kind === 'reset') {
    response.destroy();
  } else if (fault.kind === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in first</html>');
  } else {
    send(response, problem(fault.status, 'ordered'));
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  response.writeHead(status, { ...type, ...headers }).end(text);
}

const MAX_BODY_BYTES = 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) {
      throw new FilterError('the body is too long');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
