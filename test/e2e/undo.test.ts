import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { STAND_IN } from '../../src/sandbox/rehearsal.ts';
import { cli as commandLine } from './command-line.ts';
import { type Installed, install } from './installed.ts';

let scene: Installed;
before(async () => {
  scene = await install(STAND_IN);
});
after(() => scene.close());

const stateOf = (email: string) => scene.rehearsal.tenant.state(email)[0];

const cli = (...words: readonly string[]) => commandLine(scene.installation, ...words);

function writes(): number {
  return Object.entries(scene.rehearsal.tenant.calls().counts)
    .filter(([name]) => !name.startsWith('Get-'))
    .reduce((sum, [, count]) => sum + count, 0);
}

test('a plan shows the exact changes and makes none of them', async () => {
  const { leaver, manager } = scene.rehearsal.tenant;
  const before = stateOf(leaver);
  const answer = await scene.operator.post('/plans', {
    workflow: 'Person leaves',
    email: leaver,
    manager,
  });
  const changes = answer['changes'] as { cmdlet: string; sentence: string }[];
  assert.deepEqual(
    changes.map(({ cmdlet }) => cmdlet),
    [
      'Add-MailboxPermission',
      'Add-RecipientPermission',
      'Remove-DistributionGroupMember',
      'Remove-DistributionGroupMember',
      'Remove-DistributionGroupMember',
      'Set-Mailbox',
    ],
  );
  assert.equal((answer['skipped'] as unknown[]).length, 3);
  assert.equal(writes(), 0);
  assert.deepEqual(stateOf(leaver), before);
});

test('a plan for a run that waits takes the manager from it', async () => {
  const { workflowId, runId } = await scene.rehearsal.trelica.startRun('ada.boss@example.org');
  const answer = await scene.operator.post('/plans', { workflowId, runId });
  assert.deepEqual(
    (answer['findings'] as { code: string }[]).map(({ code }) => code),
    ['manager-none'],
  );
  assert.equal((await scene.operator.post('/plans', { workflowId, runId: 'ffff' }))['status'], 404);
});

test('the command line plans without a running service', async () => {
  const { leaver } = scene.rehearsal.tenant;
  const words = ['plan', '--workflow', 'Person leaves', '--email', leaver];
  const config = ['--config', scene.installation.configFile];
  const text = await cli(...words, ...config);
  assert.equal(text.code, 0, text.stderr);
  assert.match(
    text.stdout,
    /Make the mailbox shared\n +Set-Mailbox -Identity '[^']+' -Type 'Shared' -Confirm:\$false/,
  );
  const json = await cli(...words, ...config, '--json');
  assert.equal(JSON.parse(json.stdout).changes.length, 4);
  const unknown = await cli('plan', '--workflow', 'X', '--email', leaver, ...config);
  assert.deepEqual([unknown.code, writes()], [1, 0], unknown.stderr);
});

test('a leaver offboarded by mistake gets everything back in one command', async () => {
  const { leaver } = scene.rehearsal.tenant;
  const before = stateOf(leaver);
  const { workflowId, runId } = await scene.rehearsal.trelica.startRun(leaver);
  const accepted = await scene.webhook({ workflowId, runId });
  const job = await scene.ended(accepted['jobId']);
  assert.equal(job.state, 'done', JSON.stringify(job.reason));
  const unasked = await cli('undo', job.id, '--url', scene.service.url);
  assert.deepEqual([unasked.code, stateOf(leaver)?.type], [1, 'SharedMailbox']);
  const undone = await cli('undo', job.id, '--url', scene.service.url, '--yes');
  assert.equal(undone.code, 0, undone.stderr + undone.stdout);
  assert.match(undone.stdout, /done: Make the mailbox a user's again/);
  assert.deepEqual(stateOf(leaver), before);
  const again = await scene.operator.post(`/jobs/${job.id}/undo`, {});
  assert.equal(again['duplicate'], true);
  const undoing = await scene.operator.post(`/jobs/${String(again['jobId'])}/undo`, {});
  assert.equal(undoing['code'], 'jobs.not-undoable');
});

test('the report of a job says what became of what', async () => {
  const { jobs } = (await scene.operator.get('/jobs')) as unknown as {
    jobs: readonly { id: string; request: { source: string } }[];
  };
  const job = jobs.find(({ request }) => request.source === 'webhook');
  const text = await scene.operator.text(`/jobs/${job?.id}/report`);
  assert.match(text, /done: Leave Buyers <buyers@example.org>, \d+ ms/);
  assert.match(text, /Old Datacentre List .*synchronised from on-premises/);
  assert.match(text, /convert-to-shared: Type: SharedMailbox/);
});
