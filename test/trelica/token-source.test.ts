import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServiceError } from '../../src/errors.ts';
import type { Token } from '../../src/trelica/token.ts';
import { TokenSource } from '../../src/trelica/token-source.ts';

/** What the endpoint does with one request. */
type Reply = { readonly lifetimeMs: number } | { readonly retryAfterMs: number | undefined };

type Step =
  | { readonly kind: 'ask'; readonly callers: number }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'refuse'; readonly which: 'held' | 'old' };

/** Both sides of the token cache: an endpoint that answers when told to, and a model of what is asked of it. */
class World {
  now = 0;
  /** Requests that arrived and were not answered. */
  readonly open: PromiseWithResolvers<Token>[] = [];
  requests = 0;
  /** Every token given, with the time until which it is good. */
  readonly given = new Map<string, number>();
  readonly refused = new Set<string>();
  failedUntil = 0;
  readonly source = new TokenSource(
    () => {
      this.requests += 1;
      assert.ok(this.now >= this.failedUntil, 'asked again while a failure is fresh');
      const one = Promise.withResolvers<Token>();
      this.open.push(one);
      assert.equal(this.open.length, 1, 'two requests for a token at once');
      return one.promise;
    },
    () => this.now,
  );

  /** What a caller gets is good now, and was not refused before it was asked for. */
  async ask(): Promise<void> {
    const refusedBefore = new Set(this.refused);
    try {
      const token = await this.source.current();
      assert.ok(!refusedBefore.has(token), 'a refused token was given again');
      assert.ok((this.given.get(token) ?? 0) > this.now, 'an expired token was given');
    } catch (error) {
      assert.ok(error instanceof ServiceError, String(error));
    }
  }

  reply(reply: Reply): void {
    const one = this.open.shift();
    if (one === undefined) {
      return;
    }
    if ('lifetimeMs' in reply) {
      const token = `token${this.requests}`;
      this.given.set(token, this.now + reply.lifetimeMs);
      one.resolve({ token, lifetimeMs: reply.lifetimeMs });
    } else {
      const { retryAfterMs } = reply;
      this.failedUntil = this.now + Math.min(retryAfterMs ?? 250, 60_000);
      const details = retryAfterMs === undefined ? {} : { retryAfterMs };
      one.reject(new ServiceError('trelica.server-error', 'no', details));
    }
  }

  refuse(which: 'held' | 'old'): void {
    const token = which === 'held' ? [...this.given.keys()].at(-1) : [...this.given.keys()].at(0);
    if (token !== undefined) {
      this.refused.add(token);
      this.source.invalidate(token);
    }
  }
}

const lifetimeMs = fc.constantFrom(30_000, 300_000, 3_600_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('ask' as const), callers: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    kind: fc.constant('reply' as const),
    reply: fc.oneof(
      fc.record({ lifetimeMs }),
      fc.record({ retryAfterMs: fc.constantFrom(undefined, 5_000, 86_400_000) }),
    ),
  }),
  fc.record({
    kind: fc.constant('pass' as const),
    ms: fc.constantFrom(1, 249, 250, 14_999, 60_000, 3_540_000),
  }),
  fc.record({ kind: fc.constant('refuse' as const), which: fc.constantFrom('held', 'old') }),
);

test('whatever happens, one request is open at a time, and nobody gets a token that is no good', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new World();
      const callers: Promise<void>[] = [];
      for (const one of steps) {
        switch (one.kind) {
          case 'ask':
            callers.push(...Array.from({ length: one.callers }, () => world.ask()));
            break;
          case 'reply':
            world.reply(one.reply);
            break;
          case 'pass':
            // Time does not pass between an answer and its reader.
            await settled();
            world.now += one.ms;
            break;
          case 'refuse':
            await settled();
            world.refuse(one.which);
            break;
        }
      }
      await settled();
      world.reply({ lifetimeMs: 300_000 });
      await Promise.all(callers);
    }),
    { numRuns: 2_000 },
  );
});

/** Until every promise that can has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
