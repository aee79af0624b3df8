import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { LEAVER, MANAGER } from './cast.ts';
import type { AutoForwarding } from './directory.ts';
import { ORGANIZATION } from './domains.ts';
import { type FaultOrder, faultList } from './faults.ts';
import { addressOf, describePerson, peopleOf, populate, type SandboxPerson } from './populate.ts';
import { Seeded } from './seeded.ts';
import { SignInDesk } from './sign-in.ts';
import { type State, stateOf } from './state.ts';
import { type CallRecord, type Reply, Tenant } from './tenant.ts';

export interface TenantOptions {
  readonly people?: number;
  readonly groups?: number;
  readonly seed?: number;
  /** Time each call takes, give or take a fifth. */
  readonly latencyMs?: number;
  /** How many reads pass before a change can be seen. */
  readonly visibilityLagReads?: number;
  /** What the policy for outbound mail says of mail forwarded outside by itself. */
  readonly autoForwarding?: AutoForwarding;
  /** What time it is; the clock on the wall unless it is given. */
  readonly now?: () => Date;
  /** The one certificate that may sign in; any, if left out. */
  readonly thumbprint?: string | undefined;
  readonly port?: number;
}

export interface RunningTenant {
  readonly url: string;
  readonly organization: string;
  readonly appId: string;
  readonly people: readonly SandboxPerson[];
  /** The addresses of the leaver that fits the demo, and of their line manager. */
  readonly leaver: string;
  readonly manager: string;
  /** Of everybody who has the address or GUID. */
  state(address: string): readonly State[];
  calls(): {
    readonly total: number;
    readonly counts: Readonly<Record<string, number>>;
    readonly log: readonly CallRecord[];
  };
  /** Sign-ins that were not signed out. */
  connections(): number;
  /** Lets another certificate sign in, too. */
  upload(thumbprint: string): void;
  /** Replaces the faults on order. */
  order(faults: readonly FaultOrder[]): void;
  /**
   * What the app's roles do not give it from its next sign-in on: cmdlets, or parameters as
   * `Set-Mailbox -LitigationHoldEnabled`. Replaces what was withheld before.
   */
  withhold(names: readonly string[]): void;
  close(): Promise<void>;
}

/** Starts a simulated Exchange Online tenant on a loopback port. What it promises: ../README.md. */
export async function startTenant(options: TenantOptions = {}): Promise<RunningTenant> {
  const { people = 50, groups = 100, seed = 1, visibilityLagReads = 0 } = options;
  const population = { people, groups, seed, autoForwarding: options.autoForwarding };
  const clock = options.now === undefined ? {} : { now: options.now };
  const tenant = new Tenant(() => populate(population), { seed, visibilityLagReads, ...clock });
  const appId = new Seeded(seed).guid('app');
  const desk = new SignInDesk({
    appId,
    organization: ORGANIZATION,
    thumbprint: options.thumbprint,
  });
  const closing = new AbortController();
  const pace = { seed, latencyMs: options.latencyMs ?? 0, signal: closing.signal };
  const front = new Front(tenant, desk, pace);
  const server = createServer((request, response) => {
    void front.serve(request, response);
  });
  const url = await listen(server, options.port ?? 0);
  return {
    url,
    organization: ORGANIZATION,
    appId,
    people: peopleOf(population).map(describePerson),
    leaver: addressOf(LEAVER),
    manager: addressOf(MANAGER),
    state: (address) => stateOf(tenant.truth, address),
    calls: () => tenant.calls,
    connections: () => desk.connections,
    upload: (thumbprint) => desk.upload(thumbprint),
    order: (faults) => tenant.faults.order(faultList.parse(faults)),
    withhold: (names) => desk.withhold(names),
    close: () => {
      closing.abort();
      return close(server);
    },
  };
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;

const signIn = z.object({
  kind: z.enum(['certificate', 'managed-identity', 'access-token']),
  appId: z.string().optional(),
  organization: z.string().optional(),
  thumbprint: z.string().optional(),
});
const cmdletCall = z.object({ cmdlet: z.string(), parameters: z.record(z.string(), z.unknown()) });

interface Pace {
  readonly seed: number;
  readonly latencyMs: number;
  /** Ends the waiting of calls nobody will read the answer of. */
  readonly signal: AbortSignal;
}

/** The tenant's HTTP side: the service's end for the stand-ins, and a door for whoever watches. */
class Front {
  readonly #tenant: Tenant;
  readonly #desk: SignInDesk;
  readonly #pace: Pace;
  readonly #seeded: Seeded;
  #served = 0;

  constructor(tenant: Tenant, desk: SignInDesk, pace: Pace) {
    this.#tenant = tenant;
    this.#desk = desk;
    this.#pace = pace;
    this.#seeded = new Seeded(pace.seed);
  }

  /** Never rejects: what the request did wrong is told to it. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#route(request, response);
    } catch (error) {
      const message = error instanceof Error ? error.message : 'unknown';
      answer(response, error instanceof z.ZodError || error instanceof SyntaxError ? 400 : 500, {
        message,
      });
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    switch (`${request.method} ${pathname}`) {
      case 'POST /connect': {
        const outcome = this.#desk.signIn(signIn.parse(await readJson(request)));
        return answer(response, outcome.kind === 'signed-in' ? 200 : 401, outcome);
      }
      case 'POST /disconnect':
        this.#desk.signOut(tokenOf(request));
        return answer(response, 200, {});
      case 'POST /cmdlet':
        return this.#runCmdlet(request, response);
      case 'GET /sandbox/state':
        return answer(
          response,
          200,
          stateOf(this.#tenant.truth, searchParams.get('address') ?? ''),
        );
      case 'GET /sandbox/calls':
        return answer(response, 200, this.#tenant.calls);
      case 'POST /sandbox/faults':
        this.#tenant.faults.order(faultList.parse(await readJson(request)));
        return answer(response, 200, {});
      default:
        return answer(response, 404, { message: 'nothing here' });
    }
  }

  async #runCmdlet(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { cmdlet, parameters } = cmdletCall.parse(await readJson(request));
    await this.#pause();
    if (!this.#desk.isSignedIn(tokenOf(request))) {
      return answer(response, 401, { message: 'not signed in' });
    }
    const reply = this.#tenant.run(cmdlet, parameters);
    if (reply.kind === 'session-gone') {
      this.#desk.signOut(tokenOf(request));
    }
    return deliver(response, reply);
  }

  async #pause(): Promise<void> {
    this.#served += 1;
    const { latencyMs, signal } = this.#pace;
    if (latencyMs > 0) {
      const percent = 80 + this.#seeded.number(`latency:${this.#served}`, 41);
      await delay((latencyMs * percent) / 100, undefined, { signal });
    }
  }
}

function deliver(response: ServerResponse, reply: Reply): void {
  switch (reply.kind) {
    case 'answer':
      answer(response, 200, reply.answer);
      return;
    case 'turned-away':
      if (reply.retryAfterSeconds !== undefined) {
        response.setHeader('Retry-After', reply.retryAfterSeconds);
      }
      answer(response, reply.status, reply.answer);
      return;
    case 'session-gone':
      answer(response, 401, { message: 'not signed in' });
      return;
    case 'silence':
      response.destroy();
      return;
  }
}

function tokenOf(request: IncomingMessage): string {
  return request.headers.authorization?.replace(/^Bearer /, '') ?? '';
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) {
      throw new SyntaxError('the body is too long');
    }
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the tenant has no port');
  }
  return `http://127.0.0.1:${address.port}`;
}

/** May be called twice. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
