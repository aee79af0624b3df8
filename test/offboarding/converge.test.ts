import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { type Call, call } from '../../src/cmdlets/call.ts';
import { ServiceError } from '../../src/errors.ts';
import { converge } from '../../src/offboarding/converge.ts';
import { Journal } from '../../src/offboarding/journal.ts';
import type {
  Change,
  Operation,
  OperationPlan,
} from '../../src/offboarding/operations/operation.ts';
import type { Participants } from '../../src/offboarding/participants.ts';
import { EMPTY_REPORT, type Report } from '../../src/offboarding/report.ts';
import type { Verdict } from '../../src/offboarding/verdict.ts';
import { OPEN_BRAKES } from '../support/open-brakes.ts';
import { address, guid, LEAVER, LIST, SmallTenant } from './small-tenant.ts';

const PARTICIPANTS: Participants = {
  person: { email: address('lee@example.org'), name: 'Lee', managerEmail: undefined },
  mailbox: LEAVER,
  manager: { kind: 'none' },
  delegates: new Map(),
};

class Scene {
  readonly tenant = new SmallTenant();
  report: Report = EMPTY_REPORT;
  saves: Report[] = [];

  attempt(...operations: readonly Operation[]): Promise<Verdict> {
    const journal = new Journal(this.report, {
      save: async (report) => {
        this.report = report;
        this.saves.push(report);
      },
      now: () => 0,
      calls: () => this.tenant.calls,
    });
    return converge(PARTICIPANTS, {
      exchange: this.tenant,
      operations,
      findings: {},
      brakes: OPEN_BRAKES.brakes,
      journal,
      log: pino({ level: 'silent' }),
      signal: new AbortController().signal,
      pause: async () => undefined,
    });
  }

  get outcome(): string | undefined {
    return this.report.changes[0]?.outcome;
  }

  get codes(): readonly string[] {
    return this.report.findings.map(({ code }) => code);
  }
}

const NOTHING: OperationPlan = { changes: [], findings: [], skipped: [], seen: {} };

function change(name: string, part: Partial<Change>): Change {
  return {
    id: name,
    operation: name,
    sentence: 'Leave the list',
    call: call('Remove-DistributionGroupMember', {
      Identity: LIST,
      Member: LEAVER,
      Confirm: false,
    }),
    required: true,
    ...part,
  };
}

/** Something that can't be read back, like the cancelling of meetings: the plan always asks for it. */
function unreadable(part: Partial<Change> = {}): Operation {
  const changes = [change('once', { once: true, ...part })];
  return { name: 'once', reads: () => [], plan: () => ({ ...NOTHING, changes }) };
}

function lose(): never {
  throw new ServiceError('powershell.session-lost', 'the session ended');
}

test('what happens once is done once, and never again in later attempts', async () => {
  const scene = new Scene();
  assert.deepEqual(await scene.attempt(unreadable()), { kind: 'continue' });
  assert.deepEqual(await scene.attempt(unreadable()), { kind: 'continue' });
  assert.equal(scene.tenant.applied.length, 1);
  assert.deepEqual(scene.codes, []);
});

for (const [name, isEffect] of [
  ['that was done', true],
  ['that was not done', false],
] as const) {
  test(`a lost answer to something ${name} is never followed by a second call`, async () => {
    const scene = new Scene();
    scene.tenant[isEffect ? 'afterEffect' : 'beforeCall'] = ({ cmdlet }: Call) => {
      if (!cmdlet.startsWith('Get-')) {
        lose();
      }
    };
    const first = await scene.attempt(unreadable());
    assert.equal(first.kind === 'fail' && first.code, 'offboarding.outcome-unknown');
    scene.tenant.beforeCall = () => undefined;
    scene.tenant.afterEffect = () => undefined;
    const calls = scene.tenant.applied.length;
    const again = await scene.attempt(unreadable());
    assert.equal(again.kind === 'fail' && again.code, 'offboarding.outcome-unknown');
    assert.equal(scene.tenant.applied.length, calls);
    assert.deepEqual(scene.codes, ['outcome-unknown']);
    assert.equal(scene.outcome, 'unknown');
  });
}

test('a doubt stays where another operation has something to do, and the doubtful one reads', async () => {
  const scene = new Scene();
  const doubtful = {
    ...unreadable(),
    reads: () => [call('Get-MailboxPermission', { Identity: LEAVER, User: LEAVER })],
  };
  scene.tenant.afterEffect = lose;
  await scene.attempt(doubtful);
  scene.tenant.afterEffect = () => undefined;
  const verdict = await scene.attempt(doubtful, {
    ...unreadable({ id: 'other', operation: 'other' }),
    name: 'other',
  });
  assert.equal(verdict.kind === 'fail' && verdict.code, 'offboarding.outcome-unknown');
});

test('where it is not required, the doubt is told and the rest goes on', async () => {
  const scene = new Scene();
  scene.tenant.afterEffect = lose;
  assert.deepEqual(await scene.attempt(unreadable({ required: false })), { kind: 'continue' });
  assert.deepEqual(scene.codes, ['outcome-unknown']);
});

test('killed between intent and answer, it is not repeated', async () => {
  const scene = new Scene();
  await scene.attempt(unreadable());
  const begun = scene.saves.find(({ changes }) => changes[0]?.outcome === 'begun');
  scene.report = begun ?? EMPTY_REPORT;
  const verdict = await scene.attempt(unreadable());
  assert.equal(verdict.kind === 'fail' && verdict.code, 'offboarding.outcome-unknown');
  assert.equal(scene.tenant.applied.length, 1);
});

test('refused for now, it is tried again', async () => {
  const scene = new Scene();
  scene.tenant.beforeCall = ({ cmdlet }) => {
    if (!cmdlet.startsWith('Get-')) {
      throw new ServiceError('exchange.throttled', 'slow down');
    }
  };
  await assert.rejects(scene.attempt(unreadable()), { code: 'exchange.throttled' });
  assert.equal(scene.outcome, 'retryable');
  scene.tenant.beforeCall = () => undefined;
  assert.deepEqual(await scene.attempt(unreadable()), { kind: 'continue' });
  assert.equal(scene.tenant.applied.length, 1);
});

test('a finding that the job brought about itself does not stop its next attempt', async () => {
  const operation: Operation = {
    name: 'once',
    reads: () => [],
    plan: ({ mailbox }) => ({
      ...NOTHING,
      changes:
        mailbox.type === 'SharedMailbox'
          ? []
          : [
              change('once', {
                call: call('Set-Mailbox', { Identity: LEAVER, Type: 'Shared', Confirm: false }),
              }),
            ],
      findings:
        mailbox.type === 'SharedMailbox'
          ? [{ kind: { code: 'so', byDefault: 'stop' }, sentence: 'It is so.', unlessMade: 'once' }]
          : [],
    }),
  };
  const scene = new Scene();
  assert.deepEqual(await scene.attempt(operation), { kind: 'continue' });
  assert.deepEqual(await scene.attempt(operation), { kind: 'continue' });
  scene.report = EMPTY_REPORT;
  assert.equal((await scene.attempt(operation)).kind, 'fail');
});

/** Asks about every mailbox whether the leaver has rights on it, and takes off a list if so. */
function scanning(): Operation {
  return {
    name: 'scan',
    reads: () => [],
    scan: {
      list: call('Get-Recipient', { Filter: 'Members -eq 1' }),
      look: ({ Guid }) =>
        call('Get-MailboxPermission', { Identity: guid(99), User: Guid === LIST ? LIST : LEAVER }),
      stillThere: () => call('Get-Recipient', { Filter: 'Guid -eq 1' }),
    },
    plan: (_subject, _answers, looked) => ({
      ...NOTHING,
      changes: looked?.some(({ answer }) => answer.length > 0) ? [change('scan', {})] : [],
      skipped:
        looked === undefined ? [{ operation: 'scan', what: 'all', reason: 'not scanned' }] : [],
    }),
  };
}

test('a slow scan tells how far it is, and the verification looks only where there was something', async () => {
  const scene = new Scene();
  scene.tenant.fullAccess.add(LIST);
  const looks: Call[] = [];
  scene.tenant.beforeCall = (made) => {
    if (made.cmdlet === 'Get-MailboxPermission') {
      looks.push(made);
    } else if (made.cmdlet === 'Remove-DistributionGroupMember') {
      scene.tenant.fullAccess.delete(LIST);
    }
  };
  assert.deepEqual(await scene.attempt(scanning()), { kind: 'continue' });
  assert.equal(looks.length, 4 + 1);
  assert.deepEqual(scene.report.scan, { operation: 'scan', looked: 4, of: 4 });
});

test('what had nothing to do is not read again', async () => {
  const scene = new Scene();
  const idle: Operation = {
    name: 'idle',
    reads: () => [call('Get-MailboxPermission', { Identity: LEAVER, User: LEAVER })],
    plan: () => NOTHING,
  };
  const reads: string[] = [];
  scene.tenant.beforeCall = ({ cmdlet }) => {
    reads.push(cmdlet);
  };
  await scene.attempt(idle, unreadable());
  assert.equal(reads.filter((cmdlet) => cmdlet === 'Get-MailboxPermission').length, 1);
  assert.equal(reads.filter((cmdlet) => cmdlet === 'Get-Mailbox').length, 2);
});

test('the same call wanted by two operations is made once', async () => {
  const scene = new Scene();
  const curious = (name: string): Operation => ({
    name,
    reads: () => [call('Get-MailboxStatistics', { Identity: LEAVER })],
    plan: (_subject, answers) => ({ ...NOTHING, seen: answers[0]?.length }),
  });
  await scene.attempt(curious('a'), curious('b'));
  assert.deepEqual([scene.tenant.calls, scene.report.before], [2, { a: 1, b: 1 }]);
});
