import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import type { JobStore, JsonObject } from '../../src/jobs/store.ts';
import { EMPTY_REPORT, resumeReport } from '../../src/offboarding/report.ts';
import { createUndo } from '../../src/service/leaver-job.ts';

const folder = mkdtempSync(join(tmpdir(), 'undo-'));
const opened: JobStore[] = [];
let store: JobStore;
let wakes: number;
beforeEach(() => {
  store = openSqliteStore(join(folder, `${opened.length}.db`));
  opened.push(store);
  wakes = 0;
});
after(async () => {
  await Promise.all(opened.map((one) => one.close()));
  rmSync(folder, { recursive: true });
});

const CHANGED = {
  findings: [],
  skipped: [],
  exchangeCalls: 1,
  person: { email: 'lee@example.org', name: 'Lee' },
  changes: [
    {
      id: 'convert-to-shared',
      operation: 'convert-to-shared',
      sentence: 'Make the mailbox shared',
      required: true,
      outcome: 'done',
      at: '2026-11-24T00:00:00.000Z',
    },
  ],
} satisfies JsonObject;

const undo = (id: string) =>
  createUndo(
    store,
    () => (wakes += 1),
    () => 5,
  )(id);

async function begin(report: JsonObject = CHANGED): Promise<string> {
  const request = { workflowId: 'w', runId: 'r', step: 'Signal', source: 'webhook' };
  const { job } = await store.accept({ key: 'k', lock: 'lee@example.org', request }, 1);
  await store.claim(2);
  await store.save(job.id, report, 3);
  return job.id;
}

test('an undo is a job of its own on the same person, and the same one if asked twice', async () => {
  const id = await begin();
  await store.finish(id, { state: 'done' }, 4);
  const first = await undo(id);
  assert.equal(first.duplicate, false);
  assert.equal(wakes, 1);
  const made = await store.find(first.jobId);
  assert.equal(made?.lock, 'lee@example.org');
  assert.deepEqual(made?.request, { source: 'undo', jobId: id });
  assert.deepEqual(await undo(id), { ...first, duplicate: true });
});

test('a job that was tried again after its undo can be undone again', async () => {
  const id = await begin();
  await store.finish(id, { state: 'needs-attention' }, 4);
  const first = await undo(id);
  await store.claim(6);
  await store.finish(first.jobId, { state: 'done' }, 7);
  await store.retry(id, 'http', 8);
  await store.claim(9);
  await store.finish(id, { state: 'done' }, 10);
  const second = await undo(id);
  assert.equal(second.duplicate, false);
  assert.notEqual(second.jobId, first.jobId);
});

test('a job that is at work, has changed nothing or is an undo itself is not undone', async () => {
  await assert.rejects(undo('nobody'), { code: 'jobs.not-found' });
  const id = await begin();
  await assert.rejects(undo(id), { code: 'jobs.not-undoable', message: 'the job is running' });
  await store.save(id, { ...CHANGED, changes: [] }, 4);
  await store.finish(id, { state: 'done' }, 5);
  await assert.rejects(undo(id), { code: 'jobs.not-undoable' });
  const { job } = await store.accept({ key: 'u', request: { source: 'undo', jobId: id } }, 6);
  await assert.rejects(undo(job.id), { code: 'jobs.not-undoable' });
});

test('a report that cannot be read is not gone on from: it may hold what must not be repeated', () => {
  assert.deepEqual(resumeReport(undefined), EMPTY_REPORT);
  assert.throws(() => resumeReport({ changes: 'many' }), { code: 'service.internal' });
});
