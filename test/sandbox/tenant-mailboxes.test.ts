import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ADA, assertUnmodified, LEE, LI, MAX, SARA, Scene, SVEN } from './tenant-scene.ts';

const set = (scene: Scene, parameters: object, identity = LEE) =>
  scene.run('Set-Mailbox', { Identity: identity, ...parameters });
const shown = (scene: Scene, identity = LEE) => scene.one('Get-Mailbox', { Identity: identity });

describe('Set-Mailbox', () => {
  test('a plain list replaces those who may send on behalf, a table adds and removes', () => {
    const scene = new Scene();
    set(scene, { GrantSendOnBehalfTo: [MAX, LI] });
    assert.deepEqual(scene.state(LEE).sendOnBehalf, [MAX, LI]);
    set(scene, { GrantSendOnBehalfTo: { Add: ADA, Remove: [LI] } });
    assert.deepEqual(scene.state(LEE).sendOnBehalf, [MAX, ADA]);
    set(scene, { GrantSendOnBehalfTo: LI });
    assert.deepEqual(scene.state(LEE).sendOnBehalf, [LI]);
    set(scene, { GrantSendOnBehalfTo: null });
    assert.deepEqual(scene.state(LEE).sendOnBehalf, []);
  });

  test('adding who is there and removing who is not changes nothing, with a warning', () => {
    const scene = new Scene();
    set(scene, { GrantSendOnBehalfTo: { Add: [MAX] } });
    assertUnmodified(set(scene, { GrantSendOnBehalfTo: { Add: [MAX], Remove: [LI] } }));
  });

  test('somebody unknown is refused, and nothing of the call takes effect', () => {
    const scene = new Scene();
    const error = scene.failure('Set-Mailbox', {
      Identity: LEE,
      Type: 'Shared',
      GrantSendOnBehalfTo: { Add: ['nobody@example.org'] },
    });
    assert.match(error.message, /couldn't be found/);
    assert.equal(scene.state(LEE).type, 'UserMailbox');
  });

  test('who may send on behalf, and who gets the mail, read back as names that repeat', () => {
    const scene = new Scene();
    const namesake = 'max.muster.2@example.org';
    set(scene, { GrantSendOnBehalfTo: [MAX, namesake], ForwardingAddress: MAX });
    const { GrantSendOnBehalfTo: delegates, ForwardingAddress: target } = shown(scene);
    assert.deepEqual(delegates, ['Max Müster', 'Max Müster']);
    assert.equal(target, 'Max Müster');
    assert.equal(scene.mailbox(LEE).forwarding.recipient, MAX);
  });

  test('both kinds of forwarding can be set at once and cleared with null or an empty text', () => {
    const scene = new Scene();
    const smtp = 'lee@mail.example';
    set(scene, { ForwardingAddress: MAX, ForwardingSmtpAddress: smtp });
    set(scene, { DeliverToMailboxAndForward: true });
    assert.equal(shown(scene)['ForwardingSmtpAddress'], `smtp:${smtp}`);
    assert.deepEqual(scene.mailbox(LEE).forwarding, {
      recipient: MAX,
      smtpAddress: smtp,
      keepsCopy: true,
    });
    set(scene, { ForwardingAddress: null, ForwardingSmtpAddress: '' });
    assert.deepEqual(scene.mailbox(LEE).forwarding, {
      recipient: null,
      smtpAddress: null,
      keepsCopy: true,
    });
  });

  test('forwarding by address takes any address and nothing else', () => {
    const parameters = { Identity: LEE, ForwardingSmtpAddress: 'not an address' };
    assert.match(new Scene().failure('Set-Mailbox', parameters).message, /ForwardingSmtpAddress/);
  });

  test('days of a hold read back as a time span', () => {
    const scene = new Scene();
    set(scene, { LitigationHoldEnabled: true, LitigationHoldDuration: '2555' });
    const { LitigationHoldDuration: duration, LitigationHoldDate: date } = shown(scene);
    assert.equal(duration, '2555.00:00:00');
    assert.deepEqual(date, { $date: '2026-03-02T09:00:00.000Z' });
    assertUnmodified(set(scene, { LitigationHoldDuration: '2555.00:00:00' }));
    set(scene, { LitigationHoldEnabled: false, LitigationHoldDuration: 'unlimited' });
    assert.deepEqual(scene.mailbox(LEE).litigationHold, { isOn: false, duration: 'Unlimited' });
    assert.equal(shown(scene)['LitigationHoldDate'], null);
  });

  test('a hold and an archive need a licence', () => {
    const scene = new Scene();
    const hold = { Identity: SARA, LitigationHoldEnabled: true };
    assert.match(scene.failure('Set-Mailbox', hold).message, /licence/);
    const { Guid: guid } = shown(scene, SARA);
    const archive = { Identity: guid, Archive: true };
    assert.match(scene.failure('Enable-Mailbox', archive).message, /licence/);
  });

  for (const [parameter, property, value] of [
    ['MessageCopyForSentAsEnabled', 'sentAs', true],
    ['MessageCopyForSendOnBehalfEnabled', 'onBehalf', true],
  ] as const) {
    test(`${parameter} is a switch, and set twice it warns`, () => {
      const scene = new Scene();
      set(scene, { [parameter]: value });
      assert.equal(scene.mailbox(LEE).sentCopies[property], value);
      assertUnmodified(set(scene, { [parameter]: value }));
    });
  }

  test('a synchronised mailbox is converted here, and hidden only on-premises', () => {
    const scene = new Scene();
    set(scene, { Type: 'Shared' }, SVEN);
    assert.equal(scene.state(SVEN).type, 'SharedMailbox');
    const hide = { Identity: SVEN, HiddenFromAddressListsEnabled: true };
    assert.match(
      scene.failure('Set-Mailbox', hide).message,
      /write scope.*'Set-Mailbox', 'HiddenFromAddressListsEnabled'.*on-premises/,
    );
    set(scene, { HiddenFromAddressListsEnabled: true });
    assert.equal(scene.mailbox(LEE).isHidden, true);
  });
});

describe('Get-Mailbox', () => {
  test('a large mailbox with archive and holds shows all of them', () => {
    const {
      ArchiveStatus: archive,
      LitigationHoldEnabled: hold,
      InPlaceHolds: holds,
    } = shown(new Scene(), 'heidi.held@example.org');
    assert.deepEqual(
      [archive, hold, holds],
      ['Active', true, ['UniH7d895d48-7e23-4a8d-8346-533c3beac15d']],
    );
  });

  test('soft-deleted mailboxes are shown instead of the others, by switch only', () => {
    const scene = new Scene();
    const dora = 'dora.deleted@example.org';
    assert.match(scene.failure('Get-Mailbox', { Identity: dora }).message, /couldn't be found/);
    const deleted = { Identity: dora, SoftDeletedMailbox: true };
    assert.equal(scene.one('Get-Mailbox', deleted)['PrimarySmtpAddress'], dora);
    assert.equal(scene.run('Get-Mailbox', { SoftDeletedMailbox: true }).objects.length, 1);
    const alive = { Identity: LEE, SoftDeletedMailbox: true };
    assert.match(scene.failure('Get-Mailbox', alive).message, /couldn't be found/);
  });

  for (const [property, setting] of [
    ['GrantSendOnBehalfTo', { GrantSendOnBehalfTo: { Add: [LI] } }],
    ['ForwardingAddress', { ForwardingAddress: LI }],
  ] as const) {
    test(`${property} is found by distinguished name, not by address, and not by Get-Recipient`, () => {
      const scene = new Scene();
      set(scene, setting, MAX);
      const filter = (value: string) => ({ Filter: `${property} -eq '${value}'` });
      const { objects } = scene.run('Get-Mailbox', filter(scene.dn(LI)));
      assert.deepEqual(
        objects.map((one) => one['PrimarySmtpAddress']),
        [MAX],
      );
      assert.deepEqual(scene.run('Get-Mailbox', filter(LI)).objects, []);
      const error = scene.failure('Get-Recipient', filter(scene.dn(LI)));
      assert.match(error.message, /not a recognized filterable property/);
    });
  }

  test('forwarding of any kind can be filtered for', () => {
    const scene = new Scene();
    set(scene, { ForwardingSmtpAddress: 'lee@mail.example' });
    const { objects } = scene.run('Get-Mailbox', { Filter: 'ForwardingSmtpAddress -ne $null' });
    assert.deepEqual(
      objects.map((one) => one['PrimarySmtpAddress']),
      [LEE],
    );
  });
});

describe('the archive', () => {
  test('it is enabled once, disabled once, and comes back as it was', () => {
    const scene = new Scene();
    const archive = { Identity: scene.state(LEE).guid, Archive: true };
    scene.run('Enable-Mailbox', archive);
    const { ArchiveGuid: guid } = shown(scene);
    assert.match(scene.failure('Enable-Mailbox', archive).message, /already has an archive/);
    scene.run('Disable-Mailbox', archive);
    assert.deepEqual(
      [shown(scene)['ArchiveStatus'], scene.mailbox(LEE).hasArchive],
      ['None', false],
    );
    assert.equal(shown(scene)['DisabledArchiveGuid'], guid);
    assert.match(scene.failure('Disable-Mailbox', archive).message, /doesn't have an archive/);
    scene.run('Enable-Mailbox', archive);
    assert.equal(shown(scene)['ArchiveGuid'], guid);
  });

  test('its cmdlets take no address, and without the switch they would mean the mailbox', () => {
    const scene = new Scene();
    const byAddress = { Identity: LEE, Archive: true };
    assert.match(scene.failure('Enable-Mailbox', byAddress).message, /couldn't be found/);
    const whole = scene.failure('Disable-Mailbox', { Identity: scene.state(LEE).guid });
    assert.equal(whole.reason, 'NotImplementedException');
  });
});

describe('Get-MailboxStatistics', () => {
  test('sizes are byte quantities', () => {
    const { TotalItemSize: size } = new Scene().one('Get-MailboxStatistics', { Identity: LEE });
    assert.deepEqual(size, { $bytes: 18 * 2 ** 30, text: '18 GB (19,327,352,832 bytes)' });
  });

  test('the archive has its own, where there is one', () => {
    const scene = new Scene();
    const heidi = { Identity: 'heidi.held@example.org', Archive: true };
    const { TotalItemSize: size } = scene.one('Get-MailboxStatistics', heidi);
    assert.deepEqual(size, { $bytes: 3 * 2 ** 30, text: '3 GB (3,221,225,472 bytes)' });
    assert.match(
      scene.failure('Get-MailboxStatistics', { Identity: LEE, Archive: true }).message,
      /doesn't have an archive/,
    );
  });
});

describe('automatic replies', () => {
  const REPLY = 'Set-MailboxAutoReplyConfiguration';
  const read = (scene: Scene) => scene.one('Get-MailboxAutoReplyConfiguration', { Identity: LEE });
  const enabled = { Identity: LEE, AutoReplyState: 'Enabled', ExternalAudience: 'None' };

  test('plain text comes back wrapped in HTML, HTML as it was, null as nothing', () => {
    const scene = new Scene();
    const html = '<html><body><b>Gone</b></body></html>';
    scene.run(REPLY, { ...enabled, InternalMessage: `It's "gone" & <i>`, ExternalMessage: html });
    const { InternalMessage: internal, ExternalMessage: external } = read(scene);
    assert.equal(internal, `<html>\n<body>\nIt's "gone" & <i>\n</body>\n</html>\n`);
    assert.equal(external, html);
    scene.run(REPLY, { Identity: LEE, ExternalMessage: null });
    assert.equal(read(scene)['ExternalMessage'], '');
  });

  test('the audience is everybody unless it is said', () => {
    const scene = new Scene();
    assert.equal(read(scene)['ExternalAudience'], 'All');
    const incomplete = { Identity: LEE, AutoReplyState: 'Enabled', InternalMessage: 'Gone' };
    assert.match(scene.failure(REPLY, incomplete).message, /an external message/);
    scene.run(REPLY, { ...incomplete, ExternalMessage: 'Gone' });
    assert.equal(scene.mailbox(LEE).autoReply.state, 'Enabled');
  });

  test('there is no reply without a text', () => {
    assert.match(new Scene().failure(REPLY, enabled).message, /an internal message/);
  });

  test('a schedule is kept in UTC and must end after it starts', () => {
    const scene = new Scene();
    const scheduled = {
      ...enabled,
      AutoReplyState: 'Scheduled',
      InternalMessage: 'Gone',
      StartTime: '2026-03-03T08:00:00+02:00',
      EndTime: '2026-04-03T06:00:00Z',
    };
    scene.run(REPLY, scheduled);
    assert.deepEqual(read(scene)['StartTime'], { $date: '2026-03-03T06:00:00.000Z' });
    const backwards = { ...scheduled, EndTime: '2026-03-01T06:00:00Z' };
    assert.match(scene.failure(REPLY, backwards).message, /after their start/);
  });

  test('setting what is set says nothing', () => {
    const scene = new Scene();
    const reply = { ...enabled, InternalMessage: 'Gone' };
    scene.run(REPLY, reply);
    assert.deepEqual(scene.run(REPLY, reply).warnings, []);
  });

  test('a full mailbox cannot keep one', () => {
    const full = { ...enabled, Identity: 'felix.full@example.org', InternalMessage: 'Gone' };
    assert.equal(new Scene().failure(REPLY, full).reason, 'QuotaExceededException');
  });
});

describe('client access', () => {
  test('switches are set one by one or together, and twice they warn', () => {
    const scene = new Scene();
    const off = { Identity: LEE, OWAEnabled: false, PopEnabled: false };
    scene.run('Set-CASMailbox', off);
    const { OWAEnabled: owa, PopEnabled: pop, MAPIEnabled: mapi } = scene.mailbox(LEE).protocols;
    assert.deepEqual([owa, pop, mapi], [false, false, true]);
    assertUnmodified(scene.run('Set-CASMailbox', off));
  });

  test('only the one with a setting of the organisation behind it can be null', () => {
    const scene = new Scene();
    const name = 'SmtpClientAuthenticationDisabled';
    scene.run('Set-CASMailbox', { Identity: LEE, [name]: true });
    scene.run('Set-CASMailbox', { Identity: LEE, [name]: null });
    assert.equal(scene.one('Get-CASMailbox', { Identity: LEE })[name], null);
    const error = scene.failure('Set-CASMailbox', { Identity: LEE, OWAEnabled: null });
    assert.match(error.message, /OWAEnabled/);
  });
});

describe('meetings', () => {
  const CANCEL = 'Remove-CalendarEvents';
  const year = { Identity: LEE, CancelOrganizedMeetings: true, QueryWindowInDays: 365 };

  test('what the person organises for others in the window is cancelled, a series whole, once', () => {
    const scene = new Scene();
    scene.run(CANCEL, year);
    const { meetings, cancellationsSent } = scene.mailbox(LEE);
    assert.deepEqual(meetings, { organised: ['Kick-off', 'Dentist'], others: ['All hands'] });
    assert.equal(cancellationsSent, 5 + 3);
    scene.run(CANCEL, year);
    assert.deepEqual(
      [scene.mailbox(LEE).cancellationsSent, scene.mailbox(LEE).cancellationRuns],
      [8, 2],
    );
  });

  test('a preview and a call without the switch cancel nothing, and return nothing to count', () => {
    const scene = new Scene();
    const before = scene.mailbox(LEE);
    for (const how of [{ PreviewOnly: true }, { CancelOrganizedMeetings: false }]) {
      const { objects, warnings } = scene.run(CANCEL, { ...year, ...how });
      assert.deepEqual([objects, warnings], [[], []]);
    }
    assert.deepEqual(scene.mailbox(LEE), before);
  });

  test('the window starts today or on a day that is said, and ends', () => {
    const scene = new Scene();
    scene.run(CANCEL, { ...year, QueryWindowInDays: 3 });
    assert.ok(scene.mailbox(LEE).meetings.organised.includes('Supplier review'));
    scene.run(CANCEL, { ...year, QueryWindowInDays: 1, QueryStartDate: '2026-03-13T00:00:00Z' });
    assert.ok(!scene.mailbox(LEE).meetings.organised.includes('Supplier review'));
    scene.now = new Date('2026-01-15T00:00:00Z');
    scene.run(CANCEL, { ...year, QueryWindowInDays: 10 });
    assert.ok(!scene.mailbox(LEE).meetings.organised.includes('Kick-off'));
  });

  for (const days of [0, 1_826, 1.5]) {
    test(`a window of ${days} days is refused`, () => {
      const error = new Scene().failure(CANCEL, { ...year, QueryWindowInDays: days });
      assert.match(error.message, /QueryWindowInDays/);
    });
  }
});

test('the organisation says which domains are its own, and whether mail is forwarded outside', () => {
  const scene = new Scene({ autoForwarding: 'Off' });
  const policy = scene.one('Get-HostedOutboundSpamFilterPolicy', { Identity: 'Default' });
  assert.equal(policy['AutoForwardingMode'], 'Off');
  assert.match(
    scene.failure('Get-HostedOutboundSpamFilterPolicy', { Identity: 'Other' }).message,
    /couldn't be found/,
  );
  assert.equal(scene.run('Get-AcceptedDomain').objects.length, 3);
  assert.equal(scene.one('Get-RemoteDomain')['AutoForwardEnabled'], true);
});
