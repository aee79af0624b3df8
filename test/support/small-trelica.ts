import type { Clock } from '../../src/clock.ts';
import type { WireRun } from '../../src/trelica/wire.ts';

export interface SmallRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
}

export interface SmallRun {
  readonly id: string;
  readonly email: string;
  /** How often the signal was fired with effect. */
  fired: number;
  firedAt: number | undefined;
}

/** What a request meets instead of an answer. */
export type SmallWeather = 'fine' | 'no-fire' | 'unreachable' | 'page' | 'wrong-credentials';

const WORKFLOW = {
  id: 'workflow1',
  name: 'Person leaves',
  steps: [{ id: 'step1', name: 'Signal' }],
};

/** A Trelica without a socket, whose whole world is one clock: every run waits at its Signal step. */
export class SmallTrelica {
  weather: SmallWeather = 'fine';
  readonly requests: SmallRequest[] = [];
  readonly runs = new Map<string, SmallRun>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  startRun(email: string): SmallRun {
    const run = { id: `run${this.runs.size}`, email, fired: 0, firedAt: undefined };
    this.runs.set(run.id, run);
    return run;
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const method = init?.method ?? 'GET';
    this.requests.push({ at: this.#clock.now(), method, path: url.pathname });
    return this.#answer(method, url.pathname);
  };

  #answer(method: string, path: string): Response {
    const isFiring = path.includes('/firedSignals/');
    switch (this.weather) {
      case 'unreachable':
        throw new TypeError('fetch failed');
      case 'page':
        return new Response('<h1>Back soon</h1>', { headers: { 'content-type': 'text/html' } });
      case 'wrong-credentials':
        return path === '/connect/token' ? json(400, { error: 'invalid_client' }) : json(401, {});
      case 'no-fire':
        return isFiring ? json(503, {}) : this.#serve(method, path);
      case 'fine':
        return this.#serve(method, path);
    }
  }

  #serve(method: string, path: string): Response {
    const [, , , , , , runId = '', , , action] = path.split('/');
    const run = this.runs.get(runId);
    if (path === '/connect/token') {
      return json(200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
    }
    if (path === '/api/workflows/v1') {
      return json(200, { results: [WORKFLOW] });
    }
    if (path.endsWith('/runs')) {
      const waiting = [...this.runs.values()].filter(({ fired }) => fired === 0);
      return json(200, { results: waiting.map(wireOf) });
    }
    if (run === undefined) {
      return json(404, {});
    }
    return method === 'POST' ? this.#fire(run, action) : json(200, wireOf(run));
  }

  #fire(run: SmallRun, action: string | undefined): Response {
    if (action !== 'Continue' || run.fired > 0) {
      return json(409, {});
    }
    run.fired += 1;
    run.firedAt = this.#clock.now();
    return json(200, {});
  }
}

function wireOf({ id, email, fired }: SmallRun): WireRun {
  const waiting = { actions: [{ name: 'Continue' }] };
  const step = { id: 'step1', name: 'Signal' };
  return {
    id,
    name: email,
    status: fired === 0 ? 'Waiting' : 'Completed',
    context: { person: { email, name: email } },
    steps: [
      fired === 0 ? { ...step, status: 'Waiting', waiting } : { ...step, status: 'Completed' },
    ],
  };
}

function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json' },
  });
}
