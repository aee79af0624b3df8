import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ServiceError } from '../../src/errors.ts';
import type { Attempt } from '../../src/offboarding/attempt.ts';
import { brakeSettings } from '../../src/offboarding/brakes.ts';
import type { Conclusion } from '../../src/offboarding/conclusion.ts';
import { operationsOf, workflowPolicy } from '../../src/offboarding/policy.ts';
import type {
  People,
  Person,
  Run,
  RunSearch,
  Runs,
  SignalAnswer,
  StepState,
} from '../../src/offboarding/ports.ts';
import { offboard } from '../../src/offboarding/process.ts';
import { EMPTY_REPORT, type Report } from '../../src/offboarding/report.ts';
import type { LeaverRequest } from '../../src/offboarding/request.ts';
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
  personId: string | undefined;
  readonly fired: string[] = [];
  onFire: () => SignalAnswer = () => {
    this.step = { kind: 'completed' };
    return { kind: 'fired' };
  };

  /** By title, where a run has several of our steps. */
  readonly steps = new Map<string, StepState>();

  async read(_workflowId?: string, _runId?: string, title = ''): Promise<Run> {
    const { person, personId } = this;
    const step = this.steps.get(title) ?? this.step;
    return {
      workflowId: 'w',
      runId: 'r',
      stepId: 's',
      iteration: { number: 1 },
      person,
      personId,
      step,
    };
  }

  async search(): Promise<RunSearch> {
    return this.step.kind === 'waiting'
      ? { kind: 'found', run: await this.read() }
      : { kind: 'none' };
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
  /** Of the clock, which only a test moves. */
  now: number;
  /** Since when the job is tried without a person's doing. */
  since: number;
  request: LeaverRequest;
  people: People | undefined;
  /** What was saved, in order. */
  readonly saved: Report[];
  attempt(policy?: object, ...furtherSteps: string[]): Promise<Conclusion>;
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
    now: 1_000,
    since: 0,
    request: { workflowId: 'w', runId: 'r', step: 'Signal', source: 'webhook' },
    people: undefined,
    saved: [],
    attempt(changes = {}, ...furtherSteps) {
      const policy = workflowPolicy.parse({
        workflow: 'Person leaves',
        operations: EVERYTHING,
        ...changes,
      });
      const attempt: Attempt = {
        request: made.request,
        since: made.since,
        report: made.report ?? EMPTY_REPORT,
        signal: made.abort.signal,
        cancel: made.cancel.signal,
        save: async (report) => {
          made.report = report;
          made.saved.push(report);
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
        step: 'Signal',
        action: policy.action,
        failureAction: policy.failureAction,
        operations: operationsOf(policy),
        findings: policy.findings,
      };
      const others = furtherSteps.map((step) => ({ ...assignment, step }));
      return offboard(attempt, [assignment, ...others], {
        runs: made.runs,
        brakes: brakeSettings.parse(made.brakes),
        exchange: made.tenant,
        people: made.people,
        now: () => made.now,
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
  whole.report = undefined;
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

test('a signal that was read back is the end, also when nobody answers any more', async () => {
  const whole = scene();
  await whole.attempt();
  whole.runs.read = async () => {
    throw new ServiceError('trelica.answer-invalid', 'garbage');
  };
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.deepEqual(whole.runs.fired, ['Continue']);
});

test('a signal that did not leave is not claimed when a person completes the step', async () => {
  const whole = scene();
  whole.runs.onFire = () => {
    throw new ServiceError('trelica.unreachable', 'left alone', { facts: { asked: false } });
  };
  await assert.rejects(whole.attempt(), { code: 'trelica.unreachable' });
  assert.equal(whole.report?.signal?.outcome, 'owed');
  whole.runs.step = { kind: 'completed' };
  assert.equal((await whole.attempt()).kind, 'superseded');
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

test('a job that is cancelled while its signal is owed makes no other shot', async () => {
  const whole = scene();
  losing(whole);
  await assert.rejects(whole.attempt(), { code: 'trelica.unreachable' });
  whole.cancel.abort(new ServiceError('jobs.cancelled', 'now'));
  obeying(whole);
  await assert.rejects(whole.attempt(), { code: 'jobs.cancelled' });
  assert.deepEqual(whole.runs.fired, ['Continue']);
  assert.equal(whole.report?.signal?.outcome, 'intended');
});

/** The signal's answer is lost and had no effect. */
function losing(whole: Scene): void {
  whole.runs.onFire = () => {
    throw new ServiceError('trelica.unreachable', 'connection reset');
  };
}

function obeying(whole: Scene): void {
  whole.runs.onFire = () => {
    whole.runs.step = { kind: 'completed' };
    return { kind: 'fired' };
  };
}

test('verdict and owed signal are saved in one write, before anything is fired', async () => {
  const whole = scene();
  await whole.attempt();
  const first = whole.saved.find(({ verdict }) => verdict !== undefined);
  assert.equal(first?.signal?.outcome, 'owed');
  assert.ok(whole.saved.every(({ verdict, signal }) => (verdict === undefined) === !signal));
});

test('once decided, a signal is only delivered', async () => {
  const whole = scene();
  losing(whole);
  await assert.rejects(whole.attempt(), { code: 'trelica.unreachable' });
  const { calls } = whole.tenant;
  whole.now += 10 * 60_000;
  obeying(whole);
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.equal(whole.tenant.calls, calls);
});

test('what is older than ten minutes is read again, and nothing is changed if it is still so', async () => {
  const whole = scene();
  losing(whole);
  await assert.rejects(whole.attempt());
  const applied = whole.tenant.applied.length;
  whole.now += 10 * 60_000 + 1;
  obeying(whole);
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.equal(whole.tenant.calls, 10 + applied + 6);
  assert.equal(whole.tenant.applied.length, applied);
});

const DOUBTS: readonly [what: string, (whole: Scene) => void][] = [
  [
    'was decided before a person had the job tried again',
    (whole) => {
      whole.since = whole.now + 1;
    },
  ],
  [
    'bears a time that lies ahead',
    (whole) => {
      whole.now -= 1;
    },
  ],
];
for (const [what, happen] of DOUBTS) {
  test(`a verdict that ${what} is read anew`, async () => {
    const whole = scene();
    losing(whole);
    await assert.rejects(whole.attempt(), { code: 'trelica.unreachable' });
    whole.tenant.type = 'UserMailbox';
    happen(whole);
    obeying(whole);
    assert.deepEqual(await whole.attempt(), { kind: 'done' });
    assert.equal(whole.tenant.type, 'SharedMailbox');
  });
}

test('what became impossible meanwhile is not signalled, and the owed signal is given up', async () => {
  const whole = scene();
  whole.runs.onFire = () => ({ kind: 'not-waiting' });
  await assert.rejects(whole.attempt(), { code: 'trelica.signal-unconfirmed' });
  whole.tenant.resolutions.delete('lee@example.org');
  whole.now += 3_600_000;
  assert.equal((await whole.attempt()).kind, 'needs-attention');
  assert.equal(whole.report?.verdict, 'none');
  assert.deepEqual(whole.runs.fired, ['Continue']);
});

test('what somebody undid meanwhile is done again before it is signalled', async () => {
  const whole = scene();
  losing(whole);
  await assert.rejects(whole.attempt());
  whole.tenant.type = 'UserMailbox';
  whole.now += 3_600_000;
  obeying(whole);
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.equal(whole.tenant.type, 'SharedMailbox');
});

test('a failure whose signal was lost is delivered later, with its own reason', async () => {
  const whole = scene();
  whole.tenant.beforeCall = (call) => {
    if (call.cmdlet === 'Set-Mailbox') {
      throw new ServiceError('exchange.access-denied', 'no role');
    }
  };
  losing(whole);
  await assert.rejects(whole.attempt({ failureAction: 'Fail' }));
  const { calls } = whole.tenant;
  obeying(whole);
  const conclusion = await whole.attempt({ failureAction: 'Fail' });
  assert.equal(
    conclusion.kind === 'needs-attention' && conclusion.reason.code,
    'exchange.access-denied',
  );
  assert.deepEqual(whole.runs.fired, ['Fail', 'Fail']);
  assert.equal(whole.tenant.calls, calls);
});

for (const [answer, step, expected] of [
  [{ kind: 'refused', status: 404 }, { kind: 'completed' }, 'superseded'],
  [{ kind: 'refused', status: 404 }, { kind: 'ended', status: 'Terminated' }, 'superseded'],
  [{ kind: 'refused', status: 404 }, WAITING, 'needs-attention'],
  [{ kind: 'refused', status: 400 }, WAITING, 'needs-attention'],
  [{ kind: 'refused', status: 404 }, { kind: 'not-reached' }, 'later'],
  [{ kind: 'not-waiting' }, { kind: 'completed' }, 'superseded'],
  [{ kind: 'not-waiting' }, { kind: 'ended', status: 'Failed' }, 'superseded'],
  [{ kind: 'not-waiting' }, { kind: 'not-reached' }, 'later'],
  [{ kind: 'fired' }, { kind: 'ended', status: 'Failed' }, 'done'],
] as const) {
  const after = 'status' in answer ? answer.status : answer.kind;
  test(`${after}, and the step read back as ${step.kind}, is ${expected}`, async () => {
    const whole = scene();
    whole.runs.onFire = () => {
      whole.runs.step = step;
      return answer;
    };
    assert.equal((await whole.attempt()).kind, expected);
  });
}

test('after a lost answer 409 is done if the step was completed, and superseded if the run ended', async () => {
  for (const [step, expected] of [
    [{ kind: 'completed' }, 'done'],
    [{ kind: 'ended', status: 'Failed' }, 'superseded'],
  ] as const) {
    const whole = scene();
    losing(whole);
    await assert.rejects(whole.attempt());
    whole.runs.onFire = () => {
      whole.runs.step = step;
      return { kind: 'not-waiting' };
    };
    assert.equal((await whole.attempt()).kind, expected);
  }
});

test('a refused signal is not pending: the next attempt, which a person asks for, begins anew', async () => {
  const whole = scene();
  whole.runs.onFire = () => ({ kind: 'refused', status: 400 });
  await whole.attempt();
  const { calls } = whole.tenant;
  obeying(whole);
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.ok(whole.tenant.calls > calls);
});

test('a signal that was fired for a person is found again by its run, not by another search', async () => {
  const whole = scene();
  whole.request = { workflowId: 'w', email: 'lee@example.org', step: 'Signal', source: 'webhook' };
  whole.runs.onFire = () => {
    whole.runs.step = { kind: 'completed' };
    throw new ServiceError('trelica.unreachable', 'connection reset');
  };
  await assert.rejects(whole.attempt());
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
});

const untilIn = (ms: number) => ({ ...WAITING, untilDtm: new Date(1_000 + ms).toISOString() });

test('a step whose time was over is not worked for', async () => {
  const whole = scene();
  whole.runs.step = untilIn(0);
  const conclusion = await whole.attempt();
  assert.equal(
    conclusion.kind === 'needs-attention' && conclusion.reason.code,
    'trelica.step-expired',
  );
  assert.equal(whole.tenant.calls, 0);
});

test('a step whose time is nearly over is worked for with a warning, or not, as the policy says', async () => {
  const whole = scene();
  whole.runs.step = untilIn(10 * 60_000 - 1);
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.deepEqual(
    whole.report?.findings.map(({ code }) => code),
    ['step-ends-soon'],
  );
  const strict = scene();
  strict.runs.step = untilIn(10 * 60_000 - 1);
  const stopped = await strict.attempt({ findings: { 'step-ends-soon': 'stop' } });
  assert.equal(stopped.kind, 'needs-attention');
  assert.deepEqual(strict.tenant.applied, []);
});

test('a step with time left, or with a time that is none, is no finding', async () => {
  for (const step of [untilIn(10 * 60_000), { ...WAITING, untilDtm: 'soon' }]) {
    const whole = scene();
    whole.runs.step = step;
    assert.deepEqual(await whole.attempt(), { kind: 'done' });
    assert.deepEqual(whole.report?.findings, []);
  }
});

test('a request without a step is served at the one that waits', async () => {
  const whole = scene();
  whole.request = { workflowId: 'w', runId: 'r', source: 'webhook' };
  whole.runs.steps.set('Signal', { kind: 'completed' });
  whole.runs.steps.set('Later', WAITING);
  whole.runs.onFire = () => {
    whole.runs.steps.set('Later', { kind: 'completed' });
    return { kind: 'fired' };
  };
  assert.deepEqual(await whole.attempt({}, 'Later'), { kind: 'done' });
  assert.equal(whole.report?.step, 'Later');
});

test('a request without a step waits for the next one, then leaves it to a sweep', async () => {
  const whole = scene();
  whole.request = { workflowId: 'w', runId: 'r', source: 'webhook' };
  whole.runs.steps.set('Signal', { kind: 'completed' });
  whole.runs.steps.set('Later', { kind: 'not-reached' });
  assert.equal((await whole.attempt({}, 'Later')).kind, 'later');
  whole.now += 15 * 60_000 + 1;
  assert.equal((await whole.attempt({}, 'Later')).kind, 'superseded');
});

test('a job that has seen its step wait looks at no other', async () => {
  const whole = scene();
  whole.request = { workflowId: 'w', runId: 'r', source: 'webhook' };
  whole.runs.steps.set('Later', { kind: 'not-reached' });
  losing(whole);
  await assert.rejects(whole.attempt({}, 'Later'));
  whole.runs.step = { kind: 'completed' };
  whole.runs.steps.set('Later', WAITING);
  assert.deepEqual(await whole.attempt({}, 'Later'), { kind: 'done' });
  assert.deepEqual(whole.runs.fired, ['Continue']);
});

test('two steps that wait at once are not chosen between', async () => {
  const whole = scene();
  whole.request = { workflowId: 'w', runId: 'r', source: 'webhook' };
  whole.runs.steps.set('Later', WAITING);
  const conclusion = await whole.attempt({}, 'Later');
  assert.equal(
    conclusion.kind === 'needs-attention' && conclusion.reason.code,
    'trelica.run-ambiguous',
  );
});

test('how long a step is waited for counts from the first look, not from the request', async () => {
  const whole = scene();
  whole.now = 7 * 24 * 3_600_000;
  whole.runs.step = { kind: 'not-reached' };
  assert.equal((await whole.attempt()).kind, 'later');
  whole.now += 15 * 60_000;
  assert.equal((await whole.attempt()).kind, 'later');
  whole.now += 1;
  assert.equal((await whole.attempt()).kind, 'needs-attention');
});

const MAX = address('max@example.org');
const withoutManager = (whole: Scene) => {
  const email = address('lee@example.org');
  whole.runs.person = { email, name: 'Lee', managerEmail: undefined };
};

test("a manager the run does not name is taken from the person's record", async () => {
  const whole = scene();
  withoutManager(whole);
  whole.runs.personId = 'p1';
  const asked: string[] = [];
  whole.people = {
    find: async (idOrEmail) => {
      asked.push(idOrEmail);
      return { kind: 'found', email: undefined, name: undefined, managerEmail: MAX };
    },
  };
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
  assert.deepEqual([...whole.tenant.fullAccess], [MANAGER]);
  assert.deepEqual(asked, ['p1']);
});

test('a run that names the manager asks nobody else', async () => {
  const whole = scene();
  whole.people = { find: () => Promise.reject(new Error('asked')) };
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
});

test('a person of whom the run has only the id is found by it', async () => {
  const whole = scene();
  whole.runs.person = undefined;
  whole.runs.personId = 'p1';
  assert.equal((await whole.attempt()).kind, 'needs-attention');
  const email = address('lee@example.org');
  whole.people = {
    find: async () => ({ kind: 'found', email, name: 'Lee', managerEmail: MAX }),
  };
  assert.deepEqual(await whole.attempt(), { kind: 'done' });
});

for (const [kind, codes] of [
  ['forbidden', ['person-record-forbidden', 'manager-none']],
  ['ambiguous', ['person-record-ambiguous', 'manager-none']],
  ['missing', ['manager-none']],
] as const) {
  test(`a record that is ${kind} is a finding, not a failure`, async () => {
    const whole = scene();
    withoutManager(whole);
    whole.people = { find: async () => ({ kind }) };
    assert.deepEqual(await whole.attempt(), { kind: 'done' });
    assert.deepEqual(
      whole.report?.findings.map(({ code }) => code),
      codes,
    );
  });
}
