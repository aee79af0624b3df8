import { pino } from 'pino';
import type { Config } from '../../src/config.ts';
import { type AppParts, buildApp } from '../../src/http/app.ts';
import type { Life } from './life.ts';

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Front {
  /** Sends a request to a process. Rejects if the process dies before it has answered. */
  send(life: Life, request: HttpRequest): Promise<Reply>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly token: string;
  readonly payload?: object;
}

/**
 * The real HTTP front, built once for all processes of all seeds: it keeps nothing, and building it takes
 * longer than a whole simulation.
 */
export async function createFront({ secrets, limits }: Config): Promise<Front> {
  let serving: Life | undefined;
  const parts = standInFor<AppParts>(
    (path, given) => {
      const life = serving;
      if (life === undefined) {
        throw new Error('no process serves');
      }
      return Promise.race([follow(life.front, path, given), life.death.promise]);
    },
    {
      log: pino({ level: 'silent' }),
      limits: { requestsPerMinute: limits.requestsPerMinute },
      tokens: {
        webhook: secrets.webhookTokens,
        poll: secrets.pollTokens,
        operator: secrets.operatorTokens,
      },
    },
  );
  const app = await buildApp(parts);
  await app.ready();
  return {
    async send(life, { method, url, token, payload }) {
      serving = life;
      const headers = { authorization: `Bearer ${token}` };
      const answering = app.inject({
        method,
        url,
        headers,
        ...(payload === undefined ? {} : { payload }),
      });
      const answer = await Promise.race([answering, life.death.promise]);
      return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json() };
    },
  };
}

type Call = (path: readonly string[], given: readonly unknown[]) => unknown;

/** Something with all methods there are, at any depth: each is called on the process that serves at that moment. */
function standInFor<T extends object>(call: Call, known: object, path: readonly string[] = []): T {
  return new Proxy((() => undefined) as unknown as T, {
    get: (_target, name) => {
      if (typeof name === 'symbol' || name === 'then') {
        return undefined;
      }
      return Reflect.get(known, name) ?? standInFor(call, {}, [...path, name]);
    },
    apply: (_target, _this, given) => call(path, given),
  });
}

function follow(parts: object, path: readonly string[], given: readonly unknown[]): unknown {
  const owner = path.slice(0, -1).reduce<object>((inner, name) => Reflect.get(inner, name), parts);
  return Reflect.apply(Reflect.get(owner, path.at(-1) ?? ''), owner, given);
}
