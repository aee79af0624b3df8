import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { STAND_IN } from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';
import { type Installed, install } from './installed.ts';

let scene: Installed;
before(async () => {
  scene = await install(STAND_IN);
});
after(() => scene.close());

const firings = (runId: string) =>
  (scene.rehearsal.trelica.runs().find(({ id }) => id === runId)?.firings ?? []).map(
    ({ outcome }) => outcome,
  );
const writes = () =>
  Object.entries(scene.rehearsal.tenant.calls().counts)
    .filter(([name]) => !name.startsWith('Get-'))
    .reduce((sum, [, count]) => sum + count, 0);

test('a manager whom only a step before ours names gets access', async () => {
  const email = 'li.na@example.org';
  const run = await scene.rehearsal.trelica.startRun(email, { managerIn: 'step' });
  const job = await scene.ended((await scene.webhook(run))['jobId']);
  assert.equal(job.state, 'done', JSON.stringify(job.reason));
  assert.deepEqual(scene.rehearsal.tenant.state(email)[0]?.fullAccess, [
    scene.rehearsal.tenant.manager,
  ]);
});

test('each round of a loop is worked for and signalled once, and the second changes nothing', async () => {
  const { trelica } = scene.rehearsal;
  const { runId } = await trelica.startRun('siobhan.darcy@example.org', { rounds: 2 });
  const sweep = () => scene.operator.post('/poll', {});
  await sweep();
  await eventually('the first round is left', () => firings(runId).length === 1);
  const before = writes();
  await eventually('the second round is left', async () => {
    await sweep();
    return firings(runId).length === 2;
  });
  assert.deepEqual(firings(runId), ['fired', 'fired']);
  assert.equal(writes(), before);
  const { jobs } = (await scene.operator.get('/jobs')) as { jobs: readonly { runId?: string }[] };
  assert.equal(jobs.filter((job) => job.runId === runId).length, 2);
});

test('a webhook that comes during an outage is worked for when it is over', async () => {
  const { trelica } = scene.rehearsal;
  const { workflowId, runId } = await trelica.startRun('lukasz.zolc@example.org');
  trelica.setOutage({ kind: 'html' });
  const accepted = await scene.webhook({ workflowId, runId });
  await eventually('the job waits for Trelica', async () => {
    const job = await scene.operator.get(`/jobs/${String(accepted['jobId'])}`);
    return job['state'] === 'waiting';
  });
  trelica.setOutage(undefined);
  assert.equal((await scene.ended(accepted['jobId'])).state, 'done');
  assert.deepEqual(firings(runId), ['fired']);
});
