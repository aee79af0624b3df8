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
      assert.equal(await store.retry(job.id, 'http', 2), false);
      await store.postpone(job.id, { dueAt: 3, reason: BUSY, countsAs: 'failure' }, 2);
      await store.claim(3);
      await store.finish(job.id, { state: 'needs-attention', reason: BUSY }, 4);
      assert.equal(await store.retry(job.id, 'http', 5), true);
      assert.equal(await store.retry('nobody', 'http', 5), false);
      const again = await store.claim(5);
      assert.deepEqual([again?.id, again?.failures, again?.attempts], [job.id, 0, 3]);
    });

    fact('a job whose work another one does by now is not tried again', async (store) => {
      const given = { key: 'person', isKeyProvisional: true, request: {} };
      const { job } = await store.accept(given, 1);
      await store.claim(1);
      await store.finish(job.id, { state: 'needs-attention', reason: BUSY }, 2);
      await store.accept(given, 3);
      assert.equal(await store.retry(job.id, 'http', 4), false);
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
      assert.deepEqual(await store.recover(5), { queued: 1, poisoned: [] });
      const again = await store.claim(5);
      assert.equal(again?.id, job.id);
      assert.equal(again?.attempts, 2);
    });

    fact('a job that gets on between the deaths of the process is not set aside', async (store) => {
      const job = await running(store, 'busy');
      for (const death of [1, 2, 3, 4]) {
        await store.save(job.id, { death }, death, true);
        assert.deepEqual(await store.recover(death), { queued: 1, poisoned: [] });
        assert.equal((await store.claim(death))?.id, job.id);
      }
    });

    fact('a job that the process died of three times in a row is set aside', async (store) => {
      const job = await running(store, 'poison');
      for (const crashes of [1, 2]) {
        assert.deepEqual(await store.recover(crashes), { queued: 1, poisoned: [] });
        assert.equal((await store.claim(crashes))?.crashes, crashes);
      }
      assert.deepEqual(await store.recover(3), { queued: 0, poisoned: [job.id] });
      const aside = await store.find(job.id);
      assert.deepEqual([aside?.state, aside?.reason?.code], ['needs-attention', 'jobs.poisoned']);
      assert.equal(await store.retry(job.id, 'http', 4), true);
      assert.equal((await store.claim(4))?.crashes, 0);
    });

    fact('an attempt that came back shows that the job kills nobody', async (store) => {
      const job = await running(store, 'a');
      await store.recover(2);
      await store.claim(2);
      await store.recover(3);
      await store.claim(3);
      await store.postpone(job.id, { dueAt: 4, reason: BUSY, countsAs: 'failure' }, 4);
      await store.claim(4);
      assert.deepEqual(await store.recover(5), { queued: 1, poisoned: [] });
    });

    fact('a held job waits for approval, and holds neither slot nor lock', async (store) => {
      const job = await running(store, 'a', 'lee');
      await store.hold(job.id, BUSY, 2);
      assert.equal(await store.nextDueAt(), undefined);
      await running(store, 'b', 'lee');
      assert.equal((await store.accept({ key: 'a', request: {} }, 3)).duplicate, true);
      assert.equal(await store.approve(job.id, 'http', 4), true);
      assert.equal(await store.approve(job.id, 'http', 4), false);
      assert.equal((await store.find(job.id))?.state, 'queued');
    });

    fact('a provisional key stays taken while its job is held', async (store) => {
      const given = { key: 'person', isKeyProvisional: true, request: {} };
      const { job } = await store.accept(given, 1);
      await store.claim(1);
      await store.hold(job.id, BUSY, 2);
      assert.equal((await store.accept(given, 3)).job.id, job.id);
    });

    fact(
      'a job that does not run is cancelled at once, and can be taken up again',
      async (store) => {
        const queued = await store.accept({ key: 'queued', request: {} }, 9);
        const waiting = await running(store, 'waiting');
        await store.postpone(waiting.id, { dueAt: 9, reason: BUSY, countsAs: 'outage' }, 2);
        const held = await running(store, 'held');
        await store.hold(held.id, BUSY, 2);
        const stuck = await running(store, 'stuck');
        await store.finish(stuck.id, { state: 'needs-attention', reason: BUSY }, 2);
        for (const { id } of [queued.job, waiting, held, stuck]) {
          assert.deepEqual(await store.cancel(id, 'http', 3), { kind: 'cancelled' });
          const ended = await store.find(id);
          assert.deepEqual([ended?.state, ended?.finishedAt], ['cancelled', 3]);
        }
        assert.equal(await store.claim(99), undefined);
        assert.equal(await store.retry(waiting.id, 'http', 4), true);
        assert.equal((await store.claim(4))?.id, waiting.id);
      },
    );

    fact('what has ended, or never was, is not cancelled', async (store) => {
      const job = await running(store, 'a');
      await store.finish(job.id, { state: 'done' }, 2);
      assert.deepEqual(await store.cancel(job.id, 'http', 3), { kind: 'ended', state: 'done' });
      assert.deepEqual(await store.cancel('nobody', 'http', 3), { kind: 'unknown' });
    });

    fact(
      'a running job is asked to end, and does instead of waiting or being held',
      async (store) => {
        const first = await running(store, 'a');
        assert.deepEqual(await store.cancel(first.id, 'http', 2), { kind: 'asked' });
        assert.equal((await store.find(first.id))?.isCancelAsked, true);
        await store.postpone(first.id, { dueAt: 9, reason: BUSY, countsAs: 'outage' }, 3);
        assert.equal((await store.find(first.id))?.state, 'cancelled');
        const second = await running(store, 'b');
        await store.cancel(second.id, 'http', 2);
        await store.hold(second.id, BUSY, 3);
        assert.equal((await store.find(second.id))?.state, 'cancelled');
      },
    );

    fact('what a job came to before it heard of its cancellation stands', async (store) => {
      const job = await running(store, 'a');
      await store.cancel(job.id, 'http', 2);
      await store.finish(job.id, { state: 'done' }, 3);
      const ended = await store.find(job.id);
      assert.deepEqual([ended?.state, ended?.isCancelAsked], ['done', false]);
    });

    fact('the wish to end a job outlives a crash and an interruption', async (store) => {
      const job = await running(store, 'a');
      await store.cancel(job.id, 'http', 2);
      await store.recover(3);
      assert.equal((await store.claim(3))?.isCancelAsked, true);
      await store.postpone(job.id, { dueAt: 4, reason: BUSY, countsAs: 'interruption' }, 4);
      assert.equal((await store.claim(4))?.isCancelAsked, true);
    });

    const LIMITS = [
      { most: 2, withinMs: 100 },
      { most: 3, withinMs: 1_000 },
    ];

    fact('no more jobs pass than each limit lets through, however they come', async (store) => {
      const passed: string[] = [];
      for (let at = 0; at < 1_200; at += 20) {
        const job = await running(store, `${at}`);
        const passage = await store.pass(job.id, LIMITS, at);
        passed.push(...(passage.kind === 'passed' ? [`${at}`] : []));
      }
      assert.deepEqual(passed, ['0', '20', '100', '1000', '1020', '1100']);
    });

    fact('of jobs that ask the brakes at the same time none slips through', async (store) => {
      const jobs = [];
      for (const key of ['a', 'b', 'c', 'd']) {
        jobs.push(await running(store, key));
      }
      const passages = await Promise.all(jobs.map(({ id }) => store.pass(id, LIMITS, 5)));
      assert.deepEqual(
        passages.map(({ kind }) => kind),
        ['passed', 'passed', 'over', 'over'],
      );
    });

    fact(
      'a job is counted once for all its attempts, and an approved one passes',
      async (store) => {
        const first = await running(store, 'a');
        await store.pass(first.id, LIMITS, 1);
        await store.recover(2);
        await store.claim(2);
        assert.deepEqual(await store.pass(first.id, LIMITS, 2), { kind: 'passed' });
        await store.pass((await running(store, 'b')).id, LIMITS, 3);
        const third = await running(store, 'c');
        assert.deepEqual(await store.pass(third.id, LIMITS, 4), { kind: 'over', limit: LIMITS[0] });
        await store.hold(third.id, BUSY, 4);
        await store.approve(third.id, 'http', 5);
        await store.claim(5);
        assert.deepEqual(await store.pass(third.id, LIMITS, 5), { kind: 'passed' });
        const fourth = await running(store, 'd');
        assert.deepEqual(await store.pass(fourth.id, LIMITS, 200), {
          kind: 'over',
          limit: LIMITS[1],
        });
      },
    );

    fact('a clock that was set back opens no brake and keeps nobody waiting', async (store) => {
      const day = 24 * 3_600_000;
      const began = await running(store, 'began');
      await store.pass(began.id, [{ most: 1, withinMs: 1_000 }], 5 * day);
      await store.postpone(
        began.id,
        { dueAt: 5 * day + 30, reason: BUSY, countsAs: 'outage' },
        5 * day,
      );
      await store.accept({ key: 'queued', request: {} }, 5 * day + 10);
      await store.recover(day);
      assert.equal((await store.claim(day))?.key, 'queued');
      assert.equal(await store.nextDueAt(), day + 30);
      const next = await running(store, 'next');
      assert.equal((await store.pass(next.id, [{ most: 1, withinMs: 1_000 }], day)).kind, 'over');
      const later = await store.pass(next.id, [{ most: 1, withinMs: 1_000 }], day + 1_000);
      assert.equal(later.kind, 'passed');
    });

    fact('no job waits longer than a day after a start', async (store) => {
      const job = await running(store, 'a');
      await store.postpone(job.id, { dueAt: 1e12, reason: BUSY, countsAs: 'nothing' }, 2);
      await store.recover(1_000);
      assert.equal(await store.nextDueAt(), 1_000 + 24 * 3_600_000);
    });

    fact('a clock that jumps forward only lets waiting jobs fall due', async (store) => {
      const job = await running(store, 'a');
      await store.postpone(job.id, { dueAt: 100, reason: BUSY, countsAs: 'outage' }, 2);
      await store.recover(1e9);
      const again = await store.claim(1e9);
      assert.deepEqual([again?.id, again?.outages, again?.crashes], [job.id, 1, 0]);
    });

    fact('while the queue is paused work is accepted and none is begun', async (store) => {
      await store.pause('the tenant moves', 1);
      await store.accept({ key: 'a', request: {} }, 2);
      assert.equal(await store.claim(9), undefined);
      assert.equal(await store.nextDueAt(), undefined);
      await store.pause(undefined, 5);
      assert.deepEqual(await store.paused(), { since: 1, reason: undefined });
      await store.resume();
      assert.equal(await store.paused(), undefined);
      assert.equal((await store.claim(9))?.key, 'a');
    });

    fact('what happened to a job is told from its acceptance on', async (store) => {
      const job = await running(store, 'a');
      await store.adopt(job.id, { key: 'run', lock: 'lee' }, 2);
      await store.adopt(job.id, { key: 'run', lock: 'lee' }, 3);
      await store.hold(job.id, BUSY, 4);
      await store.approve(job.id, 'http', 5);
      await store.claim(5);
      await store.cancel(job.id, 'http', 6);
      await store.cancel(job.id, 'http', 7);
      await store.recover(8);
      await store.claim(8);
      await store.finish(job.id, { state: 'needs-attention', reason: BUSY }, 9);
      await store.retry(job.id, 'http', 10);
      const events = await store.history(job.id);
      assert.deepEqual(
        events.map(({ at, event, facts }) => [at, event, facts]),
        [
          [1, 'accepted', {}],
          [1, 'begun', { attempt: 1 }],
          [2, 'adopted', {}],
          [4, 'held', BUSY],
          [5, 'approved', { by: 'http' }],
          [5, 'begun', { attempt: 2 }],
          [6, 'cancel-asked', { by: 'http' }],
          [8, 'recovered', {}],
          [8, 'begun', { attempt: 3 }],
          [9, 'needs-attention', BUSY],
          [10, 'retried', { by: 'http' }],
        ],
      );
      assert.deepEqual(await store.history('nobody'), []);
    });

    fact('an outage of a week is one line of the history', async (store) => {
      const job = await running(store, 'a');
      for (let at = 1; at <= 672; at += 1) {
        const reason = { code: 'down', message: `attempt ${at}` };
        await store.postpone(job.id, { dueAt: at, reason, countsAs: 'outage' }, at);
        await store.claim(at);
      }
      await store.finish(job.id, { state: 'done' }, 999);
      const [, , outage, ...rest] = await store.history(job.id);
      assert.deepEqual(outage, {
        event: 'waiting',
        at: 1,
        times: 672,
        lastAt: 672,
        facts: { code: 'down', message: 'attempt 672', dueAt: 672 },
      });
      assert.deepEqual(
        rest.map(({ event }) => event),
        ['begun', 'done'],
      );
    });

    fact('a history has an end in size, and says how much it leaves out', async (store) => {
      const job = await running(store, 'a');
      for (let at = 1; at <= 300; at += 1) {
        const reason = { code: at % 2 === 0 ? 'down' : 'busy', message: 'x'.repeat(10_000) };
        await store.postpone(job.id, { dueAt: at, reason, countsAs: 'outage' }, at);
        await store.claim(at);
      }
      const events = await store.history(job.id);
      assert.equal(events.length, 200);
      assert.deepEqual(
        events.slice(0, 2).map(({ event }) => event),
        ['accepted', 'omitted'],
      );
      assert.equal(
        events.reduce((sum, { times }) => sum + times, 0),
        1 + 1 + 300 * 2,
      );
      assert.ok(JSON.stringify(events).length < 200_000);
    });

    fact(
      'what ended long ago is forgotten a few at a time, and nothing that is open',
      async (store) => {
        const ends = ['done', 'superseded', 'needs-attention', 'cancelled'] as const;
        for (const state of ends) {
          const job = await running(store, state);
          await store.finish(job.id, { state, reason: BUSY }, 10);
        }
        const young = await running(store, 'young');
        await store.finish(young.id, { state: 'done' }, 50);
        await running(store, 'running');
        const waiting = await running(store, 'waiting');
        await store.postpone(waiting.id, { dueAt: 9, reason: BUSY, countsAs: 'nothing' }, 2);
        await store.accept({ key: 'queued', request: {} }, 1);
        assert.equal(await store.forget(50, 2), 2);
        assert.equal(await store.forget(50, 2), 1);
        assert.equal(await store.forget(50, 2), 0);
        const left = await store.list({ limit: 99 });
        assert.deepEqual(
          left.map(({ key }) => key),
          ['queued', 'waiting', 'running', 'young', 'needs-attention'],
        );
        assert.deepEqual(
          Object.values(await store.count()).reduce((sum, jobs) => sum + jobs, 0),
          5,
        );
      },
    );

    fact('the jobs of one person are listed', async (store) => {
      const job = await running(store, 'a', 'lee');
      await store.finish(job.id, { state: 'done' }, 2);
      await store.accept({ key: 'b', lock: 'lee', request: {} }, 3);
      await store.accept({ key: 'c', lock: 'max', request: {} }, 3);
      const keys = async (filter: object) =>
        (await store.list({ limit: 9, lock: 'lee', ...filter })).map(({ key }) => key);
      assert.deepEqual(await keys({}), ['b', 'a']);
      assert.deepEqual(await keys({ state: 'done' }), ['a']);
      assert.deepEqual(await keys({ before: job.id }), []);
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
