import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type RehearsalEngine, STAND_IN } from '../../src/sandbox/rehearsal.ts';
import { findEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';
import { type Installed, install } from './installed.ts';

/** What must be true of one leaver's way through the whole service, whatever runs the sessions. */
function describeLeavers(name: string, engine: RehearsalEngine): void {
  describe(`a leaver, with ${name}`, () => {
    let scene: Installed;
    before(async () => {
      scene = await install(engine);
    });
    after(() => scene.close());

    const stateOf = (email: string) => scene.rehearsal.tenant.state(email)[0];
    const shots = (runId: unknown) =>
      scene.rehearsal.trelica.runs().find((run) => run.id === runId)?.firings ?? [];
    const callsOf = () => scene.rehearsal.tenant.calls();
    /** Without the reading by which each new session proves its connection: it may start at any time. */
    const callsForJobs = () => callsOf().total - (callsOf().counts['Get-AcceptedDomain'] ?? 0);
    const writes = () =>
      Object.entries(callsOf().counts)
        .filter(([name]) => !name.startsWith('Get-'))
        .reduce((sum, [, count]) => sum + count, 0);

    test('goes from the webhook to the signal, and the tenant agrees', async () => {
      const { trelica, tenant } = scene.rehearsal;
      const { workflowId, runId } = await trelica.startRun(tenant.leaver);
      const callsBefore = callsForJobs();
      const accepted = await scene.webhook({ workflowId, runId });
      assert.equal(accepted['duplicate'], false);
      const job = await scene.ended(accepted['jobId']);
      assert.equal(job.state, 'done', JSON.stringify(job.reason));
      assert.equal(job.verdict, 'continue');
      assert.equal(job.verification?.verified, true);
      assert.equal(job.changes.length, 6);
      const left = stateOf(tenant.leaver);
      assert.equal(left?.type, 'SharedMailbox');
      assert.deepEqual(left?.fullAccess, [tenant.manager]);
      assert.deepEqual(left?.sendAs, [tenant.manager]);
      assert.deepEqual(left?.groups.map(({ name }) => name).sort(), [
        'Old Datacentre List',
        'Project Phönix',
        'Vault Access',
      ]);
      assert.deepEqual(
        shots(runId).map(({ action, outcome }) => [action, outcome]),
        [['Continue', 'fired']],
      );
      const calls = callsForJobs() - callsBefore;
      assert.ok(calls <= 10 + job.changes.length, `${calls} calls`);
      assert.equal(job.exchangeCalls, calls);
    });

    test('the same webhook again is the same job', async () => {
      const { trelica } = scene.rehearsal;
      const { workflowId, runId } = await trelica.startRun('li.na@example.org');
      const first = await scene.webhook({ workflowId, runId });
      await scene.ended(first['jobId']);
      const again = await scene.webhook({ workflowId, runId });
      assert.deepEqual(
        [again['jobId'], again['duplicate'], again['status']],
        [first['jobId'], true, 'done'],
      );
      assert.equal(shots(runId).length, 1);
    });

    test('is found by workflow name and address', async () => {
      const { trelica } = scene.rehearsal;
      const { runId } = await trelica.startRun('siobhan.darcy@example.org');
      const accepted = await scene.webhook({
        workflow: 'Person leaves',
        email: 'Siobhan.Darcy@example.org',
      });
      const job = await scene.ended(accepted['jobId']);
      assert.equal(job.state, 'done', JSON.stringify(job.reason));
      assert.equal(job.runId, runId);
      assert.equal(stateOf('siobhan.darcy@example.org')?.type, 'SharedMailbox');
    });

    test('whose webhook was lost is found by a poll, once', async () => {
      const { trelica } = scene.rehearsal;
      const { runId } = await trelica.startRun('lukasz.zolc@example.org');
      const poll = async () => {
        const { workflows } = (await scene.operator.post('/poll', {})) as {
          workflows: { waiting: number; accepted: number; known: number; error?: unknown }[];
        };
        return workflows[0];
      };
      const [first, same] = await Promise.all([poll(), poll()]);
      assert.deepEqual(first, same);
      assert.equal(first?.error, undefined);
      assert.equal(first?.accepted, 1);
      const job = await eventually('the job is there', () => scene.operator.jobOfRun(runId));
      assert.equal((await scene.ended(job.id)).state, 'done');
    });

    const STOPPED: readonly [string, string, string][] = [
      ['without a mailbox', 'nick.nomail@example.org', 'mailbox-missing'],
      ['whose address two recipients have', 'tom.twin@example.org', 'mailbox-ambiguous'],
      ['who is only a mail user', 'mia.mailuser@example.org', 'not-a-mailbox'],
    ];
    for (const [name, email, finding] of STOPPED) {
      test(`${name} is never acted on and never signalled`, async () => {
        const { workflowId, runId } = await scene.rehearsal.trelica.startRun(email);
        const before = writes();
        const accepted = await scene.webhook({ workflowId, runId });
        const job = await scene.ended(accepted['jobId']);
        assert.equal(job.state, 'needs-attention');
        assert.equal(job.findings[0]?.code, finding);
        assert.equal(writes(), before);
        assert.deepEqual(shots(runId), []);
      });
    }

    const FOUND: readonly [string, string, string][] = [
      ['without a line manager', 'nora.nobody@example.org', 'manager-none'],
      ['who is their own line manager', 'olga.own@example.org', 'delegate-is-leaver'],
      ['whose line manager left long ago', 'gil.gone@example.org', 'delegate-missing'],
    ];
    for (const [name, email, finding] of FOUND) {
      test(`${name} is a finding, not a crash`, async () => {
        const { workflowId, runId } = await scene.rehearsal.trelica.startRun(email);
        const accepted = await scene.webhook({ workflowId, runId });
        const job = await scene.ended(accepted['jobId']);
        assert.equal(job.state, 'done', JSON.stringify(job.reason));
        assert.deepEqual(
          job.findings.map(({ code }) => code),
          [finding],
        );
        assert.equal(stateOf(email)?.type, 'SharedMailbox');
        assert.deepEqual(stateOf(email)?.fullAccess, []);
      });
    }

    test('whose run does not exist touches nothing', async () => {
      const before = callsForJobs();
      const accepted = await scene.webhook({
        workflowId: scene.rehearsal.trelica.workflow.id,
        runId: 'ffffffffffffffffffffffff',
      });
      const job = await scene.ended(accepted['jobId']);
      assert.equal(job.state, 'needs-attention');
      assert.equal(job.reason?.code, 'trelica.run-not-found');
      assert.equal(callsForJobs(), before);
    });

    test('whose step a person completed is left alone', async () => {
      const { trelica } = scene.rehearsal;
      const { workflowId, runId } = await trelica.startRun('ada.boss@example.org');
      const run = trelica.runs().find((one) => one.id === runId);
      const step = run?.steps.find(({ status }) => status === 'Waiting');
      run?.fire(step?.id ?? '', 'Continue');
      const before = callsForJobs();
      const accepted = await scene.webhook({ workflowId, runId });
      const job = await scene.ended(accepted['jobId']);
      assert.equal(job.state, 'superseded');
      assert.equal(callsForJobs(), before);
    });

    test('whose change took effect although the answer was lost is done all the same', async () => {
      const { trelica, tenant } = scene.rehearsal;
      const email = 'max.muster@example.org';
      tenant.order([{ kind: 'no-answer', cmdlet: 'Set-Mailbox' }]);
      const { workflowId, runId } = await trelica.startRun(email);
      const accepted = await scene.webhook({ workflowId, runId });
      const job = await scene.ended(accepted['jobId']);
      assert.equal(job.state, 'done', JSON.stringify(job.reason));
      assert.equal(job.changes.find(({ id }) => id === 'convert-to-shared')?.outcome, 'done');
      assert.equal(shots(runId).length, 1);
    });

    test('no secret is in the log', () => {
      const { secrets } = scene.installation;
      const text = scene.logged.join('');
      for (const [name, value] of Object.entries(secrets)) {
        assert.ok(!text.includes(value), `${name} is in the log`);
      }
      assert.ok(text.includes('planned'));
    });
  });
}

describeLeavers('the stand-in for pwsh', STAND_IN);
const engine = findEngine();
if (engine === undefined) {
  test('a leaver, with PowerShell', { skip: 'neither pwsh nor a .NET SDK is installed here' });
} else {
  describeLeavers(engine.name, { name: 'pwsh', command: engine.command });
}
