import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ServiceError } from '../../src/errors.ts';
import type { Attempt } from '../../src/offboarding/attempt.ts';
import { brakeSettings } from '../../src/offboarding/brakes.ts';
import type { Conclusion } from '../../src/offboarding/conclusion.ts';
import { operationsOf, workflowPolicy } from '../../src/offboarding/policy.ts';
import type { Person, Run, Runs, SignalAnswer, StepState } from '../../src/offboarding/ports.ts';
import { offboard } from '../../src/offboarding/process.ts';
import { EMPTY_REPORT, type Report } from '../../src/offboarding/report.ts';
import { address, found, guid, LEAVER, LIST, MANAGER, SmallTenant } from './small-tenant.ts';

const WAITING: StepState = {
  kind: 'waiting',
  actions: [
    { name: 'Continue', path: '/continue' },
    { name: 'Fail', path: '/fail' },
  ],
};

/** One run of one workflow, which obeys the signal unless a test says otherwise. */
class OneRun implements Runs {
  step: StepState = WAITING;
  person: Person | undefined = {
    email: address('lee@example.org'),
    name: 'Lee',
    managerEmail: address('max@example.org'),
  };
  readonly fired: string[] = [];
  onFire: () => SignalAnswer = () => {
    this.step = { kind: 'completed' };
    return { kind: 'fired' };
  };

  async read(): Promise<Run> {
    return { workflowId: 'w', runId: 'r', stepId: 's', person: this.person, step: this.step };
  }

  async search() {
    return { kind: 'found', run: await this.read() } as const;
  }

  async fire(_run: Run, action: { name: string }): Promise<SignalAnswer> {
    this.fired.push(action.name);
    return this.onFire();
  }
}

interface Scene {
  readonly tenant: SmallTenant;
  readonly runs: OneRun;
  report: Report | undefined;
  readonly pauses: number[];
  readonly abort: AbortController;
  readonly cancel: AbortController;
  brakes: object;
  /** How many were let through, and after how many no more are. */
  passed: number;
  most: number;
  attempt(policy?: object): Promise<Conclusion>;
}

const EVERYTHING = { 'delegate-access': {}, 'leave-groups': {}, 'convert-to-shared': {} };

function scene(): Scene {
  const made: Scene = {
    tenant: new SmallTenant(),
    runs: new OneRun(),
    report: undefined,
    pauses: [],
    abort: new AbortController(),
    cancel: new AbortController(),
    brakes: {},
    passed: 0,
    most: 20,
    attempt(changes = {}) {
      const policy = workflowPolicy.parse({
        workflow: 'Person leaves',
        operations: EVERYTHING,
        ...changes,
      });
      const attempt: Attempt = {
        request: { workflowId: 'w', runId: 'r', step: 'Signal', source: 'webhook' },
        report: made.report ?? EMPTY_REPORT,
        requestedAt: 0,
        signal: made.abort.signal,
        cancel: made.cancel.signal,
        save: async (report) => {
          made.report = report;
        },
        adopt: async () => ({ kind: 'adopted' }),
        pass: async ([limit]) => {
          if (limit === undefined || made.passed >= made.most) {
            return { kind: 'over', limit: limit ?? { most: 0, withinMs: 0 } };
          }
          made.passed += 1;
          return { kind: 'passed' };
        },
      };
      const assignment = {
        action: policy.action,
        failureAction: policy.failureAction,
        operations: operationsOf(policy),
        findings: policy.findings,
      };
      return offboard(attempt, assignment, {
        runs: made.runs,
        brakes: brakeSettings.parse(made.brakes),
        exchange: made.tenant,
        now: () => 1_000,
        pause: async (ms) => {
          made.pauses.push(ms);
          made.abort.signal.throwIfAborted();
        },
        log: pino({ level: 'silent' }),
      });
    },
  };
  return made;
}

function outcomes(report: Report | undefined): Record<string, string> {
  return Object.fromEntries((report?.changes ?? []).map((one) => [one.id, one.outcome]));
}

test('a leaver is converged, read back and signalled', async () => {
  const whole = scene();
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.equal(whole.tenant.type, 'SharedMailbox');
  assert.deepEqual([...whole.tenant.fullAccess], [MANAGER]);
  assert.deepEqual([...whole.tenant.sendAs], [MANAGER]);
  assert.equal(whole.tenant.members.has(LIST), false);
  assert.deepEqual(whole.runs.fired, ['Continue']);
  assert.equal(whole.report?.verification?.verified, true);
  assert.equal(whole.report?.signal?.outcome, 'confirmed');
});

test('ten reads and one call per change are enough', async () => {
  const whole = scene();
  await whole.attempt();
  assert.equal(whole.tenant.calls, 10 + whole.tenant.applied.length);
});

test('with nothing to do six reads are enough', async () => {
  const whole = scene();
  await whole.attempt();
  const before = whole.tenant.calls;
  whole.runs.step = WAITING;
  await whole.attempt();
  assert.equal(whole.tenant.calls - before, 6);
});

test('groups that must stay are skipped, each with its reason', async () => {
  const whole = scene();
  await whole.attempt();
  assert.equal(whole.tenant.members.size, 3);
  assert.equal(whole.report?.skipped.length, 3);
});

test('security groups are left when the policy says so', async () => {
  const whole = scene();
  await whole.attempt({ operations: { 'leave-groups': { securityGroups: true } } });
  assert.equal(whole.tenant.members.size, 2);
});

for (const step of [{ kind: 'completed' }, { kind: 'ended', status: 'Terminated' }] as const) {
  test(`killed after the signal was read back, the job is done, also when the run is ${step.kind}`, async () => {
    const whole = scene();
    await whole.attempt();
    whole.runs.step = step;
    assert.deepEqual(await whole.attempt(), { kind: 'done' });
    assert.deepEqual(whole.runs.fired, ['Continue']);
  });
}

test('a failure that was signalled and read back still needs attention after a kill', async () => {
  const whole = scene();
  await whole.attempt();
  whole.report = { ...(whole.report ?? EMPTY_REPORT), verdict: 'fail' };
  assert.equal((await whole.attempt()).kind, 'needs-attention');
});

test('a change that says done but did nothing is never signalled', async () => {
  const whole = scene();
  whole.tenant.apply = async () => ({ kind: 'done' });
  await assert.rejects(whole.attempt(), { code: 'offboarding.not-verified' });
  assert.deepEqual(whole.runs.fired, []);
  assert.equal(whole.report?.verification?.verified, false);
});

test('a change that becomes visible late is waited for', async () => {
  const whole = scene();
  const real = whole.tenant.read.bind(whole.tenant);
  let stale = 2;
  whole.tenant.read = async (call) => {
    const rows = await real(call);
    const isStale = call.cmdlet === 'Get-Mailbox' && whole.tenant.applied.length > 0 && stale-- > 0;
    return isStale ? rows.map((row) => ({ ...row, RecipientTypeDetails: 'UserMailbox' })) : rows;
  };
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.ok(whole.pauses.includes(1_000) && whole.pauses.includes(2_000));
});

test('one refused change keeps none of the others from being made, and nothing is signalled', async () => {
  const whole = scene();
  whole.tenant.beforeCall = (call) => {
    if (call.cmdlet === 'Remove-DistributionGroupMember') {
      throw new ServiceError('exchange.access-denied', 'not the manager of the group');
    }
  };
  const conclusion = await whole.attempt();
  assert.equal(conclusion.kind, 'needs-attention');
  assert.equal(whole.tenant.type, 'SharedMailbox');
  assert.deepEqual(whole.runs.fired, []);
  assert.equal(whole.report?.verdict, 'none');
});

test('a final failure fires the failure action if the policy names one', async () => {
  const whole = scene();
  whole.tenant.beforeCall = (call) => {
    if (call.cmdlet === 'Set-Mailbox') {
      throw new ServiceError('exchange.access-denied', 'no role');
    }
  };
  const conclusion = await whole.attempt({ failureAction: 'Fail' });
  assert.equal(conclusion.kind, 'needs-attention');
  assert.deepEqual(whole.runs.fired, ['Fail']);
});

test('a list that turns out to be synchronised is skipped, not failed', async () => {
  const whole = scene();
  whole.tenant.beforeCall = (call) => {
    if (call.cmdlet === 'Remove-DistributionGroupMember') {
      throw new ServiceError('exchange.synchronised', 'synchronised from on-premises');
    }
  };
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.equal(outcomes(whole.report)[`leave-groups:${LIST}`], 'skipped');
});

test('an effect whose answer was lost counts when it is read back', async () => {
  const whole = scene();
  whole.tenant.afterEffect = (call) => {
    if (call.cmdlet === 'Set-Mailbox') {
      throw new ServiceError('powershell.session-lost', 'the session ended');
    }
  };
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.equal(outcomes(whole.report)['convert-to-shared'], 'done');
});

test('an outage ends the attempt at once and the next one takes up the rest', async () => {
  const whole = scene();
  whole.tenant.beforeCall = (call) => {
    if (call.cmdlet === 'Remove-DistributionGroupMember') {
      throw new ServiceError('exchange.throttled', 'slow down');
    }
  };
  await assert.rejects(whole.attempt(), { code: 'exchange.throttled' });
  assert.equal(whole.tenant.type, 'UserMailbox');
  whole.tenant.beforeCall = () => undefined;
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.equal(whole.tenant.applied.filter((one) => one.cmdlet.startsWith('Add-')).length, 2);
});

const MANAGERS: readonly [string, (scene: Scene) => void, string][] = [
  [
    'missing from the run',
    ({ runs }) => {
      runs.person = { email: address('lee@example.org'), name: 'Lee', managerEmail: undefined };
    },
    'manager-none',
  ],
  [
    'the leaver',
    ({ runs }) => {
      const email = address('lee@example.org');
      runs.person = { email, name: 'Lee', managerEmail: email };
    },
    'delegate-is-leaver',
  ],
  [
    'unknown to Exchange',
    ({ tenant }) => tenant.resolutions.delete('max@example.org'),
    'delegate-missing',
  ],
  [
    'a contact',
    ({ tenant }) =>
      tenant.resolutions.set('max@example.org', found(guid(3), 'max@example.org', 'MailContact')),
    'delegate-not-eligible',
  ],
];
for (const [name, prepare, code] of MANAGERS) {
  test(`a manager who is ${name} is a finding, not a crash`, async () => {
    const whole = scene();
    prepare(whole);
    assert.deepEqual(await whole.attempt(), { kind: 'done' });
    assert.deepEqual(
      whole.report?.findings.map((finding) => finding.code),
      [code],
    );
    assert.equal(whole.tenant.fullAccess.size, 0);
  });
}

test('a finding that the policy stops at keeps everything as it was', async () => {
  const whole = scene();
  whole.tenant.resolutions.delete('max@example.org');
  const conclusion = await whole.attempt({ findings: { 'delegate-missing': 'stop' } });
  assert.equal(conclusion.kind, 'needs-attention');
  assert.deepEqual(whole.tenant.applied, []);
});

for (const resolution of [{ kind: 'missing' }, { kind: 'ambiguous', count: 2 }] as const) {
  test(`a leaver whose address is ${resolution.kind} in Exchange is never acted on`, async () => {
    const whole = scene();
    whole.tenant.resolutions.set('lee@example.org', resolution);
    const conclusion = await whole.attempt();
    assert.equal(conclusion.kind, 'needs-attention');
    assert.deepEqual(whole.tenant.applied, []);
    assert.deepEqual(whole.runs.fired, []);
  });
}

test('an action the step does not offer is found out before any work', async () => {
  const whole = scene();
  const conclusion = await whole.attempt({ action: 'Weiter' });
  assert.equal(conclusion.kind, 'needs-attention');
  assert.equal(whole.tenant.calls, 0);
});

test('a run that has not come to the step is looked at again, briefly and then later', async () => {
  const whole = scene();
  whole.runs.step = { kind: 'not-reached' };
  const conclusion = await whole.attempt();
  assert.equal(conclusion.kind, 'later');
  assert.equal(whole.tenant.calls, 0);
});

test('a step that somebody else completed is left alone', async () => {
  const whole = scene();
  whole.runs.step = { kind: 'completed' };
  assert.equal((await whole.attempt()).kind, 'superseded');
  assert.equal(whole.tenant.calls, 0);
});

test('a lost answer to the signal is followed by a look, not by a second shot', async () => {
  const whole = scene();
  whole.runs.onFire = () => {
    whole.runs.step = { kind: 'completed' };
    throw new ServiceError('trelica.unreachable', 'connection reset');
  };
  await assert.rejects(whole.attempt(), { code: 'trelica.unreachable' });
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.deepEqual(whole.runs.fired, ['Continue']);
  assert.equal(whole.report?.signal?.outcome, 'confirmed');
});

test('a 409 because a person was faster is superseded, not ours', async () => {
  const whole = scene();
  whole.runs.onFire = () => {
    whole.runs.step = { kind: 'completed' };
    return { kind: 'not-waiting' };
  };
  assert.equal((await whole.attempt()).kind, 'superseded');
  assert.equal(whole.report?.signal?.outcome, 'not-ours');
});

test('a signal that changes nothing is an error, not a success', async () => {
  const whole = scene();
  whole.runs.onFire = () => ({ kind: 'fired' });
  await assert.rejects(whole.attempt(), { code: 'trelica.signal-unconfirmed' });
});

test('over the limit nothing is done, and the job is held for approval', async () => {
  const whole = scene();
  whole.most = 0;
  assert.deepEqual(await whole.attempt(), {
    kind: 'held',
    reason: {
      code: 'over-limit-per-hour',
      message: '20 leavers were begun within an hour; this one waits for approval',
    },
  });
  assert.deepEqual([whole.tenant.applied, whole.runs.fired], [[], []]);
});

test('who has no mailbox, and whose step was left, is not counted as begun', async () => {
  const without = scene();
  without.tenant.resolutions.clear();
  await without.attempt();
  const left = scene();
  left.runs.step = { kind: 'completed' };
  await left.attempt();
  assert.deepEqual([without.passed, left.passed], [0, 0]);
});

const PROTECTED: readonly [what: string, brakes: object, code: string][] = [
  ['a person', { neverTouch: ['lee@example.org'] }, 'offboarding.never-touch'],
  ['a mailbox by its alias', { neverTouch: ['boss@example.org'] }, 'offboarding.never-touch'],
  ['a foreign domain', { allowedDomains: ['example.com'] }, 'offboarding.foreign-domain'],
];
for (const [what, brakes, code] of PROTECTED) {
  test(`${what} that the brakes protect is left alone, and not counted`, async () => {
    const whole = scene();
    whole.brakes = brakes;
    const lee = found(LEAVER, 'lee@example.org');
    assert.ok(lee.kind === 'found');
    const recipient = { ...lee.recipient, addresses: ['lee@example.org', 'boss@example.org'] };
    whole.tenant.resolutions.set('lee@example.org', { kind: 'found', recipient });
    const conclusion = await whole.attempt();
    assert.equal(conclusion.kind === 'needs-attention' && conclusion.reason.code, code);
    assert.deepEqual([whole.tenant.applied, whole.runs.fired, whole.passed], [[], [], 0]);
    assert.equal(whole.report?.findings[0]?.severity, 'stop');
  });
}

test('a cancelled job makes no further change, reads what it has made, and signals nothing', async () => {
  const whole = scene();
  whole.tenant.afterEffect = () => whole.cancel.abort(new ServiceError('jobs.cancelled', 'now'));
  await assert.rejects(whole.attempt(), { code: 'jobs.cancelled' });
  assert.equal(whole.tenant.applied.length, 1);
  assert.deepEqual(Object.values(outcomes(whole.report)), ['done']);
  assert.equal(whole.report?.verification?.verified, false);
  assert.deepEqual(whole.runs.fired, []);
  assert.ok(!whole.pauses.some((ms) => ms >= 1_000), 'it does not wait for what was not tried');
});

test('a job that is cancelled within a lost call reads what became of it', async () => {
  const whole = scene();
  whole.tenant.afterEffect = () => {
    whole.cancel.abort(new ServiceError('jobs.cancelled', 'now'));
    throw new ServiceError('powershell.timed-out', 'no answer');
  };
  await assert.rejects(whole.attempt(), { code: 'jobs.cancelled' });
  assert.deepEqual(Object.values(outcomes(whole.report)), ['done']);
});

test('a signal that is under way is not torn by a cancellation', async () => {
  const whole = scene();
  whole.runs.onFire = () => {
    whole.cancel.abort(new ServiceError('jobs.cancelled', 'now'));
    whole.runs.step = { kind: 'completed' };
    return { kind: 'fired' };
  };
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
});
