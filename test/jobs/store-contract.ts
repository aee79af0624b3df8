import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JobStore } from '../../src/jobs/store.ts';

const BUSY = { code: 'busy', message: 'the other side is down' };

/** What any store of jobs must do. `open` gives an empty one; the caller closes it. */
export function describeStore(name: string, open: () => Promise<JobStore>) {
  async function withStore(use: (store: JobStore) => Promise<void>): Promise<void> {
    const store = await open();
    try {
      await use(store);
    } finally {
      await store.close();
    }
  }

  const fact = (what: string, use: (store: JobStore) => Promise<void>) =>
    test(what, () => withStore(use));

  async function running(store: JobStore, key: string, lock?: string) {
    await store.accept({ key, ...(lock === undefined ? {} : { lock }), request: {} }, 1);
    const job = await store.claim(1);
    assert.ok(job !== undefined && job.key === key);
    return job;
  }

  describe(`a job store in ${name}`, () => {
    fact('an accepted job is queued and found with everything it was given', async (store) => {
      const { job, duplicate } = await store.accept({ key: 'k', request: { a: ["'", null] } }, 7);
      assert.equal(duplicate, false);
      assert.equal(job.state, 'queued');
      assert.deepEqual(await store.find(job.id), job);
      assert.deepEqual(job.request, { a: ["'", null] });
      assert.equal(job.createdAt, 7);
      assert.equal(job.attempts, 0);
    });

    fact('the same key is the same job, also when a hundred ask at once', async (store) => {
      const accepted = await Promise.all(
        Array.from({ length: 100 }, () => store.accept({ key: 'k', request: {} }, 1)),
      );
      assert.equal(new Set(accepted.map(({ job }) => job.id)).size, 1);
      assert.equal(accepted.filter(({ duplicate }) => !duplicate).length, 1);
    });

    fact('a claim takes the job that is due longest and counts the attempt', async (store) => {
      const late = await store.accept({ key: 'late', request: {} }, 20);
      const early = await store.accept({ key: 'early', request: {} }, 10);
      assert.equal(await store.claim(5), undefined);
      const first = await store.claim(30);
      assert.equal(first?.id, early.job.id);
      assert.equal(first?.attempts, 1);
      assert.equal((await store.claim(30))?.id, late.job.id);
      assert.equal(await store.claim(30), undefined);
    });

    fact('one person has at most one running job; others overtake', async (store) => {
      await running(store, 'a', 'lee');
      await store.accept({ key: 'b', lock: 'lee', request: {} }, 2);
      await store.accept({ key: 'c', lock: 'max', request: {} }, 3);
      assert.equal((await store.claim(9))?.key, 'c');
      assert.equal(await store.claim(9), undefined);
      assert.equal(await store.nextDueAt(), undefined);
    });

    fact('a job adopts its final key and lock, and the old key is free again', async (store) => {
      const job = await running(store, 'person');
      assert.deepEqual(await store.adopt(job.id, { key: 'run', lock: 'lee' }, 2), {
        kind: 'adopted',
      });
      assert.equal((await store.accept({ key: 'run', request: {} }, 3)).job.id, job.id);
      assert.equal((await store.accept({ key: 'person', request: {} }, 3)).duplicate, false);
    });

    fact('a provisional key is free again when its job has ended', async (store) => {
      const first = { key: 'person', isKeyProvisional: true, request: {} };
      const { job } = await store.accept(first, 1);
      assert.equal((await store.accept(first, 1)).duplicate, true);
      await store.claim(1);
      await store.finish(job.id, { state: 'superseded', reason: BUSY }, 2);
      const next = await store.accept(first, 3);
      assert.equal(next.duplicate, false);
      assert.notEqual(next.job.id, job.id);
    });

    fact('a job that needs attention is tried again with all its attempts', async (store) => {
      const job = await running(store, 'a');
      assert.equal(await store.retry(job.id, 2), false);
      await store.postpone(job.id, { dueAt: 3, reason: BUSY, countsAs: 'failure' }, 2);
      await store.claim(3);
      await store.finish(job.id, { state: 'needs-attention', reason: BUSY }, 4);
      assert.equal(await store.retry(job.id, 5), true);
      assert.equal(await store.retry('nobody', 5), false);
      const again = await store.claim(5);
      assert.deepEqual([again?.id, again?.failures, again?.attempts], [job.id, 0, 3]);
    });

    fact('a job whose work another one does by now is not tried again', async (store) => {
      const given = { key: 'person', isKeyProvisional: true, request: {} };
      const { job } = await store.accept(given, 1);
      await store.claim(1);
      await store.finish(job.id, { state: 'needs-attention', reason: BUSY }, 2);
      await store.accept(given, 3);
      assert.equal(await store.retry(job.id, 4), false);
    });

    fact('an outage is counted apart from failures', async (store) => {
      const job = await running(store, 'a');
      await store.postpone(job.id, { dueAt: 3, reason: BUSY, countsAs: 'outage' }, 2);
      const waiting = await store.find(job.id);
      assert.deepEqual([waiting?.failures, waiting?.outages], [0, 1]);
    });

    fact('a key that another job has cannot be adopted', async (store) => {
      const owner = await store.accept({ key: 'run', request: {} }, 9);
      const job = await running(store, 'person');
      assert.deepEqual(await store.adopt(job.id, { key: 'run', lock: 'lee' }, 2), {
        kind: 'key-taken',
        by: owner.job.id,
      });
      assert.equal((await store.find(job.id))?.key, 'person');
    });

    fact('a lock that a running job holds cannot be adopted', async (store) => {
      const holder = await running(store, 'a', 'lee');
      const job = await running(store, 'b');
      assert.deepEqual(await store.adopt(job.id, { key: 'b', lock: 'lee' }, 2), {
        kind: 'locked',
        by: holder.id,
      });
    });

    fact('a postponed job waits with its reason and holds neither slot nor lock', async (store) => {
      const job = await running(store, 'a', 'lee');
      await store.postpone(job.id, { dueAt: 100, reason: BUSY, countsAs: 'failure' }, 2);
      const waiting = await store.find(job.id);
      assert.equal(waiting?.state, 'waiting');
      assert.deepEqual(waiting?.reason, BUSY);
      assert.equal(waiting?.failures, 1);
      assert.equal(await store.nextDueAt(), 100);
      assert.equal(await store.claim(99), undefined);
      assert.equal((await store.claim(100))?.attempts, 2);
    });

    fact(
      'waiting jobs fall due at once when what they wait for is back, others stay',
      async (store) => {
        const away = { code: 'away', message: 'gone' };
        for (const [key, reason] of [
          ['a', BUSY],
          ['b', away],
        ] as const) {
          const job = await running(store, key);
          await store.postpone(job.id, { dueAt: 100, reason, countsAs: 'outage' }, 2);
        }
        assert.equal(await store.hasten(['away', "it's"], 5), 1);
        const hastened = await store.claim(5);
        assert.deepEqual([hastened?.key, hastened?.outages], ['b', 1]);
        assert.equal(await store.nextDueAt(), 100);
        assert.equal(await store.hasten([], 5), 0);
      },
    );

    fact('a planned wait is no failure', async (store) => {
      const job = await running(store, 'a');
      await store.postpone(job.id, { dueAt: 3, reason: BUSY, countsAs: 'nothing' }, 2);
      assert.equal((await store.find(job.id))?.failures, 0);
    });

    fact('the report of a running job is saved and stays when it ends', async (store) => {
      const job = await running(store, 'a');
      await store.save(job.id, { changes: ['one'] }, 2);
      await store.finish(job.id, { state: 'needs-attention', reason: BUSY }, 3);
      const ended = await store.find(job.id);
      assert.deepEqual(ended?.report, { changes: ['one'] });
      assert.equal(ended?.state, 'needs-attention');
      assert.equal(ended?.finishedAt, 3);
    });

    fact('only a running job can be saved, adopted, postponed or finished', async (store) => {
      const { job } = await store.accept({ key: 'a', request: {} }, 1);
      await assert.rejects(store.save(job.id, {}, 1), /not running/);
      await assert.rejects(store.adopt(job.id, { key: 'a', lock: 'l' }, 1), /not running/);
      await assert.rejects(
        store.postpone(job.id, { dueAt: 1, reason: BUSY, countsAs: 'failure' }, 1),
        /not running/,
      );
      await assert.rejects(store.finish(job.id, { state: 'done' }, 1), /not running/);
      await assert.rejects(store.finish('nobody', { state: 'done' }, 1), /no job/);
    });

    fact('one write that fails does not take its neighbours with it', async (store) => {
      const [bad, good] = await Promise.allSettled([
        store.finish('nobody', { state: 'done' }, 1),
        store.accept({ key: 'good', request: {} }, 1),
      ]);
      assert.equal(bad.status, 'rejected');
      assert.equal(good.status, 'fulfilled');
      assert.equal((await store.claim(1))?.key, 'good');
    });

    fact('jobs left running are queued again', async (store) => {
      const job = await running(store, 'a', 'lee');
      assert.equal(await store.recover(5), 1);
      const again = await store.claim(5);
      assert.equal(again?.id, job.id);
      assert.equal(again?.attempts, 2);
    });

    fact('jobs are listed newest first, page by page, by state', async (store) => {
      for (const key of ['a', 'b', 'c', 'd']) {
        await store.accept({ key, request: {} }, 1);
      }
      await store.claim(1);
      const first = await store.list({ limit: 3 });
      assert.deepEqual(
        first.map((job) => job.key),
        ['d', 'c', 'b'],
      );
      const rest = await store.list({ limit: 3, before: first[2]?.id ?? '' });
      assert.deepEqual(
        rest.map((job) => job.key),
        ['a'],
      );
      const queued = await store.list({ limit: 9, state: 'queued' });
      assert.equal(queued.length, 3);
      assert.deepEqual(await store.list({ limit: 9, before: 'nobody' }), []);
      const counts = await store.count();
      assert.equal(counts.queued, 3);
      assert.equal(counts.running, 1);
      assert.equal(counts.done, 0);
    });

    fact('a store that can be written to says so', (store) => store.check());
  });
}
