import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { populate } from '../../src/sandbox/tenant/populate.ts';
import { ADA, assertUnmodified, LEE, LI, MAX, SARA, Scene, SVEN } from './tenant-scene.ts';

const BYPASS = { BypassSecurityGroupManagerCheck: true };
const at = (name: string) => `${name}@example.org`;

describe('inbox rules', () => {
  const visible = (scene: Scene) => scene.run('Get-InboxRule', { Mailbox: LEE }).objects;
  const idOf = (scene: Scene, name: string) =>
    visible(scene).find((one) => one['Name'] === name)?.['Identity'];

  test('hidden ones are listed on request only', () => {
    const scene = new Scene();
    const names = (how: object) =>
      scene.run('Get-InboxRule', { Mailbox: LEE, ...how }).objects.map((one) => one['Name']);
    assert.deepEqual(names({}), ['Invoices', 'Copy home', 'Holiday cover']);
    assert.deepEqual(names({ IncludeHidden: true }).at(-1), 'Junk E-Mail Rule');
  });

  test('recipients read back with a name and an address in brackets', () => {
    const [, home, cover] = visible(new Scene());
    assert.deepEqual(home?.['ForwardTo'], [
      '"lee.private@mail.example" [SMTP:lee.private@mail.example]',
    ]);
    assert.match(String(cover?.['RedirectTo']), /^"Max Müster" \[EX:\/o=ExchangeLabs\//);
    assert.match(String(home?.['Description']), /forward the message to/);
  });

  test('a rule is disabled, enabled and removed by its identity, with or without the mailbox', () => {
    const scene = new Scene();
    const rule = () => scene.mailbox(LEE).rules.find(({ name }) => name === 'Copy home');
    const identity = idOf(scene, 'Copy home');
    scene.run('Disable-InboxRule', { Identity: identity, Mailbox: LEE, Force: true });
    assert.equal(rule()?.isEnabled, false);
    scene.run('Enable-InboxRule', { Identity: identity });
    assert.equal(rule()?.isEnabled, true);
    const number = String(identity).split('\\')[1];
    scene.run('Remove-InboxRule', { Identity: number, Mailbox: LEE });
    assert.equal(rule(), undefined);
    const again = scene.failure('Remove-InboxRule', { Identity: identity, Mailbox: LEE });
    assert.match(again.message, /couldn't be found/);
  });

  test('a new rule forwards to people here and to addresses outside, and names may repeat', () => {
    const scene = new Scene();
    const made = {
      Mailbox: LEE,
      Name: 'Copy home',
      ForwardTo: [LI, 'x@mail.example'],
      Force: true,
    };
    scene.run('New-InboxRule', { ...made, SubjectContainsWords: ['a, b'] });
    const rule = scene.mailbox(LEE).rules.at(-1);
    assert.deepEqual([rule?.isEnabled, rule?.sendsTo], [true, [LI, 'x@mail.example']]);
    const byName = { Mailbox: LEE, Identity: 'Copy home' };
    assert.match(scene.failure('Get-InboxRule', byName).message, /matches multiple entries/);
  });

  test('what a rule shows of its recipients makes no new rule', () => {
    const scene = new Scene();
    const [, , cover] = visible(scene);
    const copy = { Mailbox: LEE, Name: 'x', RedirectTo: cover?.['RedirectTo'], Force: true };
    assert.match(scene.failure('New-InboxRule', copy).message, /couldn't be found/);
  });

  test("any change deletes Outlook's own rules, and asks before unless told not to", () => {
    const scene = new Scene();
    const disable = { Identity: idOf(scene, 'Invoices'), Mailbox: LEE };
    assert.match(scene.failure('Disable-InboxRule', disable).message, /NonInteractive/);
    assert.deepEqual(scene.mailbox(LEE).outlookRules, ['Play a sound']);
    scene.run('Disable-InboxRule', { ...disable, Force: true });
    assert.deepEqual(scene.mailbox(LEE).outlookRules, []);
  });

  test('without a mailbox nobody knows whose rules are meant', () => {
    assert.match(new Scene().failure('Get-InboxRule').message, /couldn't be found/);
  });
});

describe('mobile devices', () => {
  const devices = (scene: Scene) => scene.run('Get-MobileDevice', { Mailbox: LEE }).objects;
  const [PHONE, TABLET] = [0, 1];
  const idOf = (scene: Scene, which: number) => devices(scene)[which]?.['Guid'];

  test('a partnership is removed once', () => {
    const scene = new Scene();
    const remove = { Identity: idOf(scene, PHONE) };
    scene.run('Remove-MobileDevice', remove);
    assert.equal(devices(scene).length, 1);
    assert.match(scene.failure('Remove-MobileDevice', remove).message, /couldn't be found/);
  });

  test('an identity with the name of the mailbox finds a device too', () => {
    const scene = new Scene();
    const [phone] = devices(scene);
    assert.match(
      String(phone?.['Identity']),
      /^Lee O'Neil-Åström\\ExchangeActiveSyncDevices\\REST§/,
    );
    scene.run('Remove-MobileDevice', { Identity: phone?.['Identity'] });
    assert.equal(devices(scene).length, 1);
  });

  test('every wipe is counted, whole unless it is said otherwise, and Outlook never gives more than its account', () => {
    const scene = new Scene();
    scene.run('Clear-MobileDevice', { Identity: idOf(scene, PHONE) });
    scene.run('Clear-MobileDevice', { Identity: idOf(scene, TABLET), AccountOnly: true });
    scene.run('Clear-MobileDevice', { Identity: idOf(scene, TABLET) });
    assert.deepEqual(
      scene.mailbox(LEE).devices.map(({ accountWipes, fullWipes }) => [accountWipes, fullWipes]),
      [
        [1, 0],
        [1, 1],
      ],
    );
  });

  test('a device wipes itself when it gets in touch, and says so', () => {
    const scene = new Scene();
    const identity = { Identity: idOf(scene, TABLET) };
    scene.run('Clear-MobileDevice', identity);
    const status = () => scene.one('Get-MobileDeviceStatistics', identity);
    assert.deepEqual(
      [status()['Status'], status()['DeviceWipeAckTime']],
      ['DeviceWipePending', null],
    );
    scene.reads(20);
    assert.equal(status()['Status'], 'DeviceWipeSucceeded');
    assert.equal(scene.mailbox(LEE).devices[TABLET]?.isWiped, true);
  });

  test('a wipe of the account only has times of its own', () => {
    const scene = new Scene();
    const identity = { Identity: idOf(scene, TABLET) };
    scene.run('Clear-MobileDevice', { ...identity, AccountOnly: true });
    const status = scene.one('Get-MobileDeviceStatistics', identity);
    assert.equal(status['Status'], 'AccountOnlyDeviceWipePending');
    assert.deepEqual(
      [status['DeviceWipeRequestTime'], status['AccountOnlyDeviceWipeAckTime']],
      [null, null],
    );
    assert.notEqual(status['AccountOnlyDeviceWipeRequestTime'], null);
  });

  test('a wipe that was called back, or whose partnership is gone, never happens', () => {
    const scene = new Scene();
    const [phone, tablet] = [idOf(scene, PHONE), idOf(scene, TABLET)];
    scene.run('Clear-MobileDevice', { Identity: phone });
    scene.run('Clear-MobileDevice', { Identity: phone, Cancel: true });
    scene.run('Clear-MobileDevice', { Identity: tablet });
    scene.run('Remove-MobileDevice', { Identity: tablet });
    scene.reads(25);
    assert.deepEqual(
      scene.mailbox(LEE).devices.map(({ isWiped }) => isWiped),
      [false, false],
    );
  });

  test('the sign of a partnership stays when the last one is gone', () => {
    const scene = new Scene();
    for (const { Guid: guid } of devices(scene)) {
      scene.run('Remove-MobileDevice', { Identity: guid });
    }
    const { HasActiveSyncDevicePartnership: has } = scene.one('Get-CASMailbox', { Identity: LEE });
    assert.equal(has, true);
  });

  test('no mailbox and no identity gives the devices of everybody', () => {
    assert.ok(new Scene().run('Get-MobileDevice').objects.length > 2);
  });
});

describe('groups', () => {
  const owners = (scene: Scene, group: string) => scene.state(at(group)).owners;

  test('owners are added and removed in one call', () => {
    const scene = new Scene();
    const group = { Identity: at("o'brien.readers"), ...BYPASS };
    scene.run('Set-DistributionGroup', { ...group, ManagedBy: { Add: MAX, Remove: LEE } });
    assert.deepEqual(owners(scene, "o'brien.readers"), [MAX]);
    const again = { ...group, ManagedBy: { Add: [MAX], Remove: [LEE] } };
    assertUnmodified(scene.run('Set-DistributionGroup', again));
  });

  test('a group is never without owner', () => {
    const scene = new Scene();
    for (const nobody of [{ Remove: [LEE] }, null, []]) {
      const alone = { Identity: at("o'brien.readers"), ManagedBy: nobody, ...BYPASS };
      const error = scene.failure('Set-DistributionGroup', alone);
      assert.equal(error.reason, 'MinGroupOwnersCriteriaBreachedException');
    }
    assert.deepEqual(owners(scene, "o'brien.readers"), [LEE]);
  });

  test('owners read back as display names', () => {
    const scene = new Scene();
    const { ManagedBy: shown } = scene.one('Get-DistributionGroup', {
      Identity: at('vault-access'),
    });
    assert.deepEqual(shown, ['Max Müster']);
  });

  test('the groups somebody owns are found by filter or by owner', () => {
    const scene = new Scene();
    const filter = `ManagedBy -eq '${scene.dn(LEE).replaceAll("'", "''")}'`;
    const found = (cmdlet: string, parameters: object) =>
      scene.run(cmdlet, { ...parameters }).objects.map((one) => one['PrimarySmtpAddress']);
    const lists = [at('buyers'), at("o'brien.readers"), at('old-datacentre')];
    assert.deepEqual(found('Get-DistributionGroup', { Filter: filter }), lists);
    assert.deepEqual(found('Get-DistributionGroup', { ManagedBy: LEE }), lists);
    assert.deepEqual(found('Get-Recipient', { Filter: filter }), [...lists, at('project-phoenix')]);
  });

  const REFUSALS: readonly [string, object, RegExp][] = [
    ['old-datacentre', BYPASS, /on group.*synchronized from your on-premises/],
    ['project-phoenix', BYPASS, /couldn't be found/],
    ['buyers', {}, /manager of the group/],
  ];
  for (const [group, how, message] of REFUSALS) {
    test(`owners of ${group} are not changed with ${JSON.stringify(how)}`, () => {
      const scene = new Scene();
      const before = owners(scene, group);
      const change = { Identity: at(group), ManagedBy: { Add: [MAX] }, ...how };
      assert.match(scene.failure('Set-DistributionGroup', change).message, message);
      assert.deepEqual(owners(scene, group), before);
    });
  }

  test('a contact or a list owns no group', () => {
    const change = { Identity: at('buyers'), ManagedBy: { Add: [at('newsletter')] }, ...BYPASS };
    assert.match(
      new Scene().failure('Set-DistributionGroup', change).message,
      /security principal/,
    );
  });

  test('a member is added once, and a sign-in name is none', () => {
    const scene = new Scene();
    const add = { Identity: at('vault-access'), Member: LI, ...BYPASS };
    scene.run('Add-DistributionGroupMember', add);
    const again = scene.failure('Add-DistributionGroupMember', add);
    assert.equal(again.reason, 'MemberAlreadyExistsException');
    const byName = { ...add, Member: 'sdarcy@example.org' };
    assert.match(scene.failure('Add-DistributionGroupMember', byName).message, /couldn't be found/);
  });
});

describe('rights', () => {
  test('taking what is not there is a warning, and its words differ for the two kinds', () => {
    const scene = new Scene();
    const full = { Identity: LEE, User: MAX, AccessRights: ['FullAccess'] };
    const [noFull] = scene.run('Remove-MailboxPermission', full).warnings;
    assert.match(noFull ?? '', /because the ACE doesn't exist on the object\.$/);
    const sendAs = { Identity: LEE, Trustee: MAX, AccessRights: ['SendAs'] };
    const [noSendAs] = scene.run('Remove-RecipientPermission', sendAs).warnings;
    assert.match(noSendAs ?? '', /because the ACE isn't present\.$/);
  });

  test('rights of others stay when one is taken', () => {
    const scene = new Scene();
    const full = (user: string) => ({ Identity: SARA, User: user, AccessRights: 'FullAccess' });
    scene.run('Add-MailboxPermission', full(MAX));
    scene.run('Remove-MailboxPermission', full(LEE));
    assert.deepEqual(scene.state(SARA).fullAccess, [MAX]);
  });

  test('what somebody may do elsewhere: Send As and on behalf in one look, Full Access by mailbox', () => {
    const scene = new Scene();
    const sendAs = scene.run('Get-RecipientPermission', { Trustee: LEE }).objects;
    assert.deepEqual(
      sendAs.map((one) => one['Identity']),
      ['Sara Shared'],
    );
    const filter = `GrantSendOnBehalfTo -eq '${scene.dn(LEE).replaceAll("'", "''")}'`;
    assert.equal(scene.one('Get-Mailbox', { Filter: filter })['PrimarySmtpAddress'], ADA);
    const full = { Identity: SARA, User: LEE };
    assert.equal(scene.run('Get-MailboxPermission', full).objects.length, 1);
    assert.deepEqual(scene.state(LEE).rightsElsewhere, {
      fullAccess: [at('lukasz.zolc'), SARA],
      sendAs: [SARA],
      sendOnBehalf: [ADA],
    });
  });

  test('Send As wants an address in an accepted domain, Full Access does not', () => {
    const scene = new Scene();
    const pia = 'pia.partner@partner.example';
    const sendAs = { Identity: LEE, Trustee: pia, AccessRights: ['SendAs'] };
    const error = scene.failure('Add-RecipientPermission', sendAs);
    assert.equal(error.reason, 'NotAcceptedDomainException');
    scene.run('Add-MailboxPermission', { Identity: LEE, User: pia, AccessRights: 'FullAccess' });
    assert.deepEqual(scene.state(LEE).fullAccess, [pia]);
  });
});

describe('what people have', () => {
  test('the leaver of the demo has some of everything', () => {
    const scene = new Scene();
    const { groups, groupsOwned, rightsElsewhere } = scene.state(LEE);
    const { rules, devices, meetings } = scene.mailbox(LEE);
    assert.ok(groups.length > 0 && groupsOwned.length > 0 && devices.length > 1);
    assert.ok(rules.some(({ sendsTo }) => sendsTo.some((to) => to.endsWith('@mail.example'))));
    assert.ok(meetings.organised.length > 0 && meetings.others.length > 0);
    assert.ok(Object.values(rightsElsewhere).every((where) => where.length > 0));
  });

  test('among sixty people each thing is found with somebody, and with nobody else', () => {
    const people = populate({ people: 60, groups: 0, seed: 1, contacts: 0 })
      .all()
      .filter(({ kind }) => kind === 'UserMailbox');
    const has: Readonly<Record<string, (one: (typeof people)[number]) => boolean>> = {
      'more than 50 GB': ({ mailbox }) => mailbox.sizeBytes > 50 * 2 ** 30,
      'an archive': ({ mailbox }) => mailbox.archive !== null,
      'a hold': ({ mailbox }) => mailbox.litigationHold,
      'a rule that sends outside': ({ mailbox }) =>
        mailbox.rules.some(({ definition }) => 'RedirectTo' in definition),
      'a device': ({ mailbox }) => mailbox.devices.length > 0,
      'a meeting': ({ mailbox }) => mailbox.calendar.meetings.length > 0,
      delegates: ({ mailboxRights }) => mailboxRights.length > 0,
    };
    for (const [what, holds] of Object.entries(has)) {
      const count = people.filter(holds).length;
      assert.ok(count > 0 && count < people.length, `${what}: ${count}`);
    }
  });

  test('every group but the rule-made one of Microsoft 365 has an owner who exists', () => {
    const directory = populate({ people: 40, groups: 40, seed: 3, contacts: 0 });
    for (const { name, kind, managedBy } of directory.all()) {
      if (/Group|RoomList/.test(kind)) {
        assert.ok(managedBy.size > 0, name);
        managedBy.forEach((guid) => {
          directory.get(guid);
        });
      }
    }
  });

  test('the state is found by GUID too, and Sven is the synchronised one', () => {
    const scene = new Scene();
    assert.deepEqual(scene.state(scene.state(SVEN).guid), scene.state(SVEN));
    assert.equal(scene.tenant.truth.named(SVEN)[0]?.isDirSynced, true);
  });
});
