import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FaultOrder } from '../../src/sandbox/tenant/faults.ts';
import { LEE, LI, MAX, Scene, SVEN } from './tenant-scene.ts';

const CONVERT = { Identity: LEE, Type: 'Shared' };
const typeSeen = (scene: Scene, identity = LEE) =>
  scene.one('Get-Mailbox', { Identity: identity })['RecipientTypeDetails'];

describe('faults of the effect', () => {
  test('late: one change is seen after so many reads, another at once', () => {
    const scene = new Scene();
    scene.order({ kind: 'late', reads: 2, cmdlet: 'Set-Mailbox' });
    scene.run('Set-Mailbox', CONVERT);
    scene.run('Set-CASMailbox', { Identity: LEE, PopEnabled: false });
    assert.equal(scene.one('Get-CASMailbox', { Identity: LEE })['PopEnabled'], false);
    assert.equal(typeSeen(scene), 'UserMailbox');
    assert.equal(typeSeen(scene), 'SharedMailbox');
  });

  test('however changes overtake each other, what is seen in the end is true', () => {
    const scene = new Scene();
    scene.order({ kind: 'late', reads: 3 });
    scene.run('Set-Mailbox', CONVERT);
    scene.run('Set-Mailbox', { Identity: LEE, Type: 'Regular' });
    scene.reads(3);
    assert.deepEqual([typeSeen(scene), scene.state(LEE).type], ['UserMailbox', 'UserMailbox']);
  });

  test('flip-back: a synchronised mailbox is shared for a while, then what it was', () => {
    const scene = new Scene();
    scene.order({ kind: 'flip-back', reads: 3 });
    scene.run('Set-Mailbox', { Identity: SVEN, Type: 'Shared' });
    assert.equal(typeSeen(scene, SVEN), 'SharedMailbox');
    scene.reads(2);
    assert.equal(typeSeen(scene, SVEN), 'UserMailbox');
    assert.equal(scene.state(SVEN).type, 'UserMailbox');
  });

  test('flip-back: a mailbox of the cloud stays as it was made', () => {
    const scene = new Scene();
    scene.order({ kind: 'flip-back', reads: 1 });
    scene.run('Set-Mailbox', CONVERT);
    scene.reads(2);
    assert.equal(scene.state(LEE).type, 'SharedMailbox');
  });

  test('nothing-done: no consequence either', () => {
    const scene = new Scene();
    const [phone] = scene.run('Get-MobileDevice', { Mailbox: LEE }).objects;
    scene.order({ kind: 'nothing-done' });
    scene.run('Clear-MobileDevice', { Identity: phone?.['Guid'] });
    scene.reads(10);
    assert.deepEqual(
      scene.mailbox(LEE).devices.map((one) => one.accountWipes + one.fullWipes),
      [0, 0],
    );
  });
});

describe('faults before the effect', () => {
  test('ambiguous has the class of not found', () => {
    const scene = new Scene();
    scene.order({ kind: 'ambiguous', cmdlet: 'Set-Mailbox' });
    const error = scene.failure('Set-Mailbox', CONVERT);
    assert.equal(error.reason, 'ManagementObjectNotFoundException');
    assert.match(error.message, /matches multiple entries/);
    assert.equal(scene.state(LEE).type, 'UserMailbox');
  });

  test('a share of the objects fails, always the same ones, and another seed means others', () => {
    const failing = (seed: number) => {
      const scene = new Scene({ groups: 60, seed });
      const exception = 'Microsoft.Exchange.Data.Storage.StorageTransientException';
      scene.order({ kind: 'refused', exception, message: 'later', share: 0.5, times: 1_000 });
      const groups = scene.tenant.truth.all().filter(({ alias }) => alias.startsWith('group.'));
      const fails = () =>
        groups.filter(({ guid }) => {
          const reply = scene.call('Get-DistributionGroupMember', { Identity: guid });
          return reply.kind === 'answer' && reply.answer.errors.length > 0;
        });
      const first = fails();
      assert.deepEqual(fails(), first);
      assert.ok(first.length > groups.length * 0.25 && first.length < groups.length * 0.75);
      return first.map(({ alias }) => alias);
    };
    assert.notDeepEqual(failing(1), failing(2));
  });

  test('a fault may be meant for one mailbox, whether it is the identity or the mailbox', () => {
    const scene = new Scene();
    scene.order({ kind: 'server-busy', identity: LEE });
    assert.equal(scene.call('Get-InboxRule', { Mailbox: LI }).kind, 'answer');
    assert.equal(scene.call('Get-InboxRule', { Mailbox: LEE }).kind, 'turned-away');
  });
});

describe('two faults', () => {
  const ask = (scene: Scene) => scene.call('Set-Mailbox', CONVERT).kind;

  test('late and without an answer: the same call', () => {
    const scene = new Scene();
    scene.order({ kind: 'no-answer' }, { kind: 'late', reads: 2 });
    assert.equal(ask(scene), 'silence');
    assert.deepEqual([scene.state(LEE).type, typeSeen(scene)], ['SharedMailbox', 'UserMailbox']);
  });

  test('nothing done and without an answer: the same call', () => {
    const scene = new Scene();
    scene.order({ kind: 'nothing-done' }, { kind: 'no-answer' });
    assert.equal(ask(scene), 'silence');
    assert.equal(scene.state(LEE).type, 'UserMailbox');
  });

  test('turned away first, the other fault keeps for the next call', () => {
    const scene = new Scene();
    scene.order({ kind: 'no-answer' }, { kind: 'throttled', retryAfterSeconds: 3 });
    assert.deepEqual([ask(scene), ask(scene), ask(scene)], ['turned-away', 'silence', 'answer']);
  });

  const EVERY: readonly FaultOrder[] = [
    { kind: 'throttled' },
    { kind: 'server-busy' },
    { kind: 'refused', exception: 'System.InvalidOperationException', message: 'no' },
    { kind: 'ambiguous' },
    { kind: 'session-gone' },
    { kind: 'nothing-done' },
    { kind: 'late', reads: 2 },
    { kind: 'flip-back', reads: 2 },
    { kind: 'no-answer' },
  ];
  test('any two pass, and after them everything is well and seen as it is', () => {
    for (const first of EVERY) {
      for (const second of EVERY) {
        const scene = new Scene({ people: 0, groups: 0 });
        scene.order(first, second);
        for (let call = 0; call < 3; call += 1) {
          scene.call('Set-Mailbox', { Identity: SVEN, Type: 'Shared' });
        }
        scene.reads(3);
        scene.run('Set-Mailbox', { Identity: SVEN, Type: 'Shared', ForwardingAddress: MAX });
        assert.equal(typeSeen(scene, SVEN), 'SharedMailbox', `${first.kind} ${second.kind}`);
        assert.equal(scene.state(SVEN).type, 'SharedMailbox');
      }
    }
  });
});

test('a server that lags and faults at once agrees with the other in the end', () => {
  const scene = new Scene({}, 2);
  scene.order({ kind: 'late', reads: 5, cmdlet: 'Set-Mailbox' });
  scene.run('Set-Mailbox', CONVERT);
  scene.run('Set-CASMailbox', { Identity: LEE, PopEnabled: false });
  scene.reads(2);
  assert.deepEqual(
    [typeSeen(scene), scene.one('Get-CASMailbox', { Identity: LEE })['PopEnabled']],
    ['UserMailbox', false],
  );
  scene.reads(5);
  assert.equal(typeSeen(scene), 'SharedMailbox');
});
