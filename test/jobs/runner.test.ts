import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { ServiceError } from '../../src/errors.ts';
import { type Handler, Runner } from '../../src/jobs/runner.ts';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import type { JobState } from '../../src/jobs/states.ts';
import type { JobStore } from '../../src/jobs/store.ts';
import { eventually } from '../support/eventually.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'runner-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

interface Scene {
  readonly store: JobStore;
  readonly runner: Runner;
  readonly clock: VirtualClock;
  /** How attempts ended, as others hear of it. */
  readonly heard: string[];
  accept(key: string, lock?: string): Promise<string>;
  state(id: string): Promise<JobState | undefined>;
}

async function withRunner(
  handler: Handler,
  use: (scene: Scene) => Promise<void>,
  concurrency = 2,
): Promise<void> {
  files += 1;
  const store = openSqliteStore(join(folder, `${files}.db`));
  const clock = new VirtualClock();
  const scene: Scene = {
    store,
    clock,
    heard: [],
    runner: new Runner({
      store,
      handler,
      concurrency,
      retry: { maxAttempts: 3 },
      clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
      onLeft: (_job, { state }) => scene.heard.push(state),
    }),
    async accept(key, lock) {
      const job = { key, ...(lock === undefined ? {} : { lock }), request: {} };
      const accepted = await store.accept(job, clock.now());
      scene.runner.wake();
      return accepted.job.id;
    },
    async state(id) {
      return (await store.find(id))?.state;
    },
  };
  await scene.runner.start();
  try {
    await use(scene);
  } finally {
    await scene.runner.stop({ graceMs: 1_000 });
    await store.close();
  }
}

const becomes = (scene: Scene, id: string, state: JobState) =>
  eventually(`the job is ${state}`, async () => (await scene.state(id)) === state);

test('an accepted job is worked on and done', () =>
  withRunner(
    async () => ({ kind: 'done' }),
    async (scene) => {
      await becomes(scene, await scene.accept('a'), 'done');
    },
  ));

test('as many jobs run at once as allowed, and never more', async () => {
  let running = 0;
  let most = 0;
  const full = Promise.withResolvers<void>();
  const handler: Handler = async () => {
    running += 1;
    most = Math.max(most, running);
    if (running === 3) {
      full.resolve();
    }
    await full.promise;
    running -= 1;
    return { kind: 'done' };
  };
  await withRunner(
    handler,
    async (scene) => {
      const accepting = Array.from({ length: 50 }, (_, number) => scene.accept(`${number}`));
      for (const id of await Promise.all(accepting)) {
        await becomes(scene, id, 'done');
      }
      assert.equal(most, 3);
    },
    3,
  );
});

test('a fault that an attempt may cure is tried again when its time has come', async () => {
  let attempts = 0;
  const handler: Handler = async () => {
    attempts += 1;
    if (attempts === 1) {
      throw new ServiceError('powershell.session-lost', 'the session ended');
    }
    return { kind: 'done' };
  };
  await withRunner(handler, async (scene) => {
    const id = await scene.accept('a');
    await becomes(scene, id, 'waiting');
    const waiting = await scene.store.find(id);
    assert.equal(waiting?.reason?.code, 'powershell.session-lost');
    assert.equal(waiting?.dueAt, 2_500);
    await scene.clock.pass(2_500);
    scene.runner.wake();
    await becomes(scene, id, 'done');
    assert.equal((await scene.store.find(id))?.attempts, 2);
  });
});

test('after the last attempt a person must look', () =>
  withRunner(
    async () => {
      throw new Error('nobody knows');
    },
    async (scene) => {
      const id = await scene.accept('a');
      await eventually('a person must look', async () => {
        await scene.clock.pass(10_000);
        return (await scene.state(id)) === 'needs-attention';
      });
      const job = await scene.store.find(id);
      assert.deepEqual([job?.attempts, job?.reason?.code], [3, 'service.internal']);
    },
  ));

test('a final fault ends the job at once, with its reason', () =>
  withRunner(
    async () => {
      throw new ServiceError('trelica.run-not-found', 'no such run');
    },
    async (scene) => {
      const id = await scene.accept('a');
      await becomes(scene, id, 'needs-attention');
      assert.deepEqual((await scene.store.find(id))?.reason, {
        code: 'trelica.run-not-found',
        message: 'no such run',
      });
    },
  ));

test('outages use up no attempt', async () => {
  const codes = [...Array(8).fill('trelica.unreachable'), 'powershell.session-lost'] as const;
  let attempts = 0;
  const handler: Handler = async () => {
    const code = codes[attempts];
    attempts += 1;
    if (code !== undefined) {
      throw new ServiceError(code, 'not now');
    }
    return { kind: 'done' };
  };
  await withRunner(handler, async (scene) => {
    const id = await scene.accept('a');
    await eventually('it is done', async () => {
      await scene.clock.pass(3_600_000);
      return (await scene.state(id)) === 'done';
    });
    assert.equal((await scene.store.find(id))?.outages, 8);
  });
});

test('a handler that throws at once is an attempt that failed', () =>
  withRunner(
    (() => {
      throw new ServiceError('trelica.run-not-found', 'thrown, not rejected');
    }) as Handler,
    async (scene) => {
      await becomes(scene, await scene.accept('a'), 'needs-attention');
    },
  ));

test('waiting as planned is not counted as a failure', () =>
  withRunner(
    async () => ({ kind: 'later', reason: { code: 'early', message: 'too early' }, afterMs: 10 }),
    async (scene) => {
      const id = await scene.accept('a');
      await becomes(scene, id, 'waiting');
      assert.equal((await scene.store.find(id))?.failures, 0);
    },
  ));

test('two jobs of one person run one after the other', async () => {
  const order: string[] = [];
  const handler: Handler = async ({ job }) => {
    order.push(`begin ${job.key}`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`end ${job.key}`);
    return { kind: 'done' };
  };
  await withRunner(handler, async (scene) => {
    const ids = [await scene.accept('a', 'lee'), await scene.accept('b', 'lee')];
    for (const id of ids) {
      await becomes(scene, id, 'done');
    }
    assert.deepEqual(order, ['begin a', 'end a', 'begin b', 'end b']);
  });
});

test('stopping lets running work finish and takes no more', async () => {
  const gate = Promise.withResolvers<void>();
  await withRunner(
    async () => {
      await gate.promise;
      return { kind: 'done' };
    },
    async (scene) => {
      const id = await scene.accept('a');
      await becomes(scene, id, 'running');
      const stopped = scene.runner.stop({ graceMs: 10_000 });
      const late = await scene.accept('b');
      gate.resolve();
      await stopped;
      assert.equal(await scene.state(id), 'done');
      assert.equal(await scene.state(late), 'queued');
    },
  );
});

test('work that outlasts the grace is aborted and waits for the next start, uncounted', () =>
  withRunner(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
    async (scene) => {
      const id = await scene.accept('a');
      await becomes(scene, id, 'running');
      const stopped = scene.runner.stop({ graceMs: 1 });
      await scene.clock.pass(1);
      await stopped;
      const job = await scene.store.find(id);
      assert.equal(job?.state, 'waiting');
      assert.equal(job?.failures, 0);
    },
  ));

test('a store that fails for a while delays the end of a job but does not lose it', async () => {
  await withRunner(
    async () => ({ kind: 'done' }),
    async (scene) => {
      const finish = scene.store.finish.bind(scene.store);
      let failures = 0;
      scene.store.finish = (...given) => {
        failures += 1;
        const full = new ServiceError('jobs.store-unusable', 'disk full');
        return failures === 1 ? Promise.reject(full) : finish(...given);
      };
      const id = await scene.accept('a');
      await eventually('it is done', async () => {
        await scene.clock.pass(1_000);
        return (await scene.state(id)) === 'done';
      });
      assert.equal(failures, 2);
    },
  );
});

/** Comes to an end only when it is cancelled, as a handler does at a safe point. */
const untilCancelled: Handler = ({ cancel }) =>
  new Promise((_, reject) => {
    const end = () => reject(cancel.reason);
    cancel.addEventListener('abort', end, { once: true });
    if (cancel.aborted) {
      end();
    }
  });

test('a running job that is cancelled ends when its handler comes to a safe point', () =>
  withRunner(untilCancelled, async (scene) => {
    const id = await scene.accept('a');
    await becomes(scene, id, 'running');
    assert.deepEqual(await scene.runner.cancel(id, 'http'), { kind: 'asked' });
    await becomes(scene, id, 'cancelled');
    assert.equal((await scene.store.find(id))?.reason?.code, 'jobs.cancelled');
  }));

test('a job that is cancelled in the moment of its claim hears of it', () =>
  withRunner(untilCancelled, async (scene) => {
    for (let round = 0; round < 50; round += 1) {
      const { job } = await scene.store.accept({ key: `${round}`, request: {} }, 0);
      scene.runner.wake();
      for (let turn = 0; turn < round % 4; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await scene.runner.cancel(job.id, 'http');
      await becomes(scene, job.id, 'cancelled');
    }
  }));

test('a failure of a job that is to end does not make it wait', async () => {
  const gate = Promise.withResolvers<void>();
  const handler: Handler = async () => {
    await gate.promise;
    throw new ServiceError('trelica.unreachable', 'not now');
  };
  await withRunner(handler, async (scene) => {
    const id = await scene.accept('a');
    await becomes(scene, id, 'running');
    await scene.runner.cancel(id, 'http');
    gate.resolve();
    await becomes(scene, id, 'cancelled');
    await eventually('it is told', () => scene.heard.length > 0);
    assert.deepEqual(scene.heard, ['cancelled']);
  });
});

test('a job that was to end when its process died does so in the next one', () =>
  withRunner(untilCancelled, async (scene) => {
    const { store } = scene;
    const { job } = await store.accept({ key: 'a', request: {} }, 0);
    await store.claim(0);
    await store.cancel(job.id, 'http', 0);
    const next = new Runner({
      store,
      handler: untilCancelled,
      concurrency: 1,
      retry: { maxAttempts: 3 },
      clock: scene.clock,
      random: () => 0,
      log: pino({ level: 'silent' }),
    });
    await next.start();
    await becomes(scene, job.id, 'cancelled');
    await next.stop({ graceMs: 0 });
  }));

test('a held job lets others overtake and goes on when it is approved', async () => {
  const handler: Handler = async ({ pass }) => {
    const passage = await pass([{ most: 1, withinMs: 1_000 }]);
    return passage.kind === 'passed'
      ? { kind: 'done' }
      : { kind: 'held', reason: { code: 'over-limit', message: 'too many' } };
  };
  await withRunner(handler, async (scene) => {
    await becomes(scene, await scene.accept('first'), 'done');
    const second = await scene.accept('second', 'lee');
    await becomes(scene, second, 'held');
    await scene.store.approve(second, 'http', scene.clock.now());
    scene.runner.wake();
    await becomes(scene, second, 'done');
    assert.deepEqual(
      (await scene.store.history(second)).map(({ event }) => event),
      ['accepted', 'begun', 'held', 'approved', 'begun', 'done'],
    );
  });
});

test('paused, the running attempt ends and nothing new is begun until the queue is resumed', async () => {
  const gate = Promise.withResolvers<void>();
  const handler: Handler = async ({ job }) => {
    if (job.key === 'a') {
      await gate.promise;
    }
    return { kind: 'done' };
  };
  await withRunner(handler, async (scene) => {
    const running = await scene.accept('a');
    await becomes(scene, running, 'running');
    await scene.store.pause('looking into something', 0);
    const late = await scene.accept('b');
    gate.resolve();
    await becomes(scene, running, 'done');
    await scene.clock.pass(24 * 3_600_000);
    assert.equal(await scene.state(late), 'queued');
    await scene.store.resume();
    scene.runner.wake();
    await becomes(scene, late, 'done');
  });
});
