import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { populate } from '../../src/sandbox/tenant/populate.ts';
import { type RunningTenant, startTenant } from '../../src/sandbox/tenant/start-tenant.ts';
import { type RunCmdlet, signIn } from '../support/tenant-client.ts';

let tenant: RunningTenant;
let run: RunCmdlet;

async function restart(options: Parameters<typeof startTenant>[0] = {}): Promise<void> {
  await tenant?.close();
  tenant = await startTenant(options);
  run = await signIn(tenant);
}

beforeEach(() => restart());
after(() => tenant.close());

function state(address: string) {
  const [only, ...more] = tenant.state(address);
  assert.ok(only);
  assert.equal(more.length, 0);
  return only;
}

async function failure(cmdlet: string, parameters: Record<string, unknown>) {
  const { errors, objects } = await run(cmdlet, parameters);
  const [error] = errors;
  assert.ok(error, 'it did not fail');
  assert.deepEqual(objects, []);
  return error;
}

describe('people and groups', () => {
  test('the same seed and numbers give the same tenant, another seed another one', () => {
    const population = { people: 40, groups: 20, seed: 7 };
    const all = (seed: number) => populate({ ...population, seed }).all();
    assert.deepEqual(all(7), all(7));
    assert.notDeepEqual(all(7), all(8));
  });

  test('the leaver is the same however large the tenant is', () => {
    const small = populate({ people: 0, groups: 0, seed: 1 });
    const large = populate({ people: 500, groups: 1_000, seed: 1 });
    const [one] = small.named(tenant.leaver);
    assert.ok(one);
    assert.deepEqual(large.named(tenant.leaver), [one]);
    assert.deepEqual(
      large.groupsOf(one.guid).map(({ name }) => name),
      small.groupsOf(one.guid).map(({ name }) => name),
    );
  });

  test('the leaver is in groups of every kind that has members, one of them with 1,500', () => {
    const { groups } = state(tenant.leaver);
    assert.deepEqual(
      new Set(groups.map(({ type }) => type)),
      new Set(['MailUniversalDistributionGroup', 'MailUniversalSecurityGroup', 'GroupMailbox']),
    );
    assert.ok(groups.some(({ isDirSynced }) => isDirSynced));
    assert.equal(state('newsletter@example.org').members, 1_500);
  });

  test('as many people and groups as asked for', async () => {
    await restart({ people: 60, groups: 30 });
    assert.equal(tenant.people.length, 60);
    const { objects } = await run('Get-Recipient', { ResultSize: 'Unlimited' });
    const groups = objects.filter(({ RecipientTypeDetails: kind }) =>
      /Group|RoomList/.test(String(kind)),
    );
    assert.equal(groups.length, 30);
  });
});

describe('finding', () => {
  test('any address of a person finds them, also through a filter', async () => {
    for (const address of [tenant.leaver, 'lee.astrom@example.org', "L.O'Neil@Example.org"]) {
      const filter = `EmailAddresses -eq '${address.replaceAll("'", "''")}'`;
      const { objects } = await run('Get-Recipient', { Filter: filter });
      assert.deepEqual(
        objects.map((one) => one['PrimarySmtpAddress']),
        [tenant.leaver],
      );
    }
  });

  test('a member query with the distinguished name finds every group at once', async () => {
    const {
      objects: [leaver],
    } = await run('Get-Mailbox', { Identity: tenant.leaver });
    const name = String(leaver?.['DistinguishedName']);
    assert.ok(name.includes("'"), 'the name should hold a quote');
    const filter = `Members -eq '${name.replaceAll("'", "''")}'`;
    const { objects } = await run('Get-Recipient', { Filter: filter, ResultSize: 'Unlimited' });
    assert.equal(objects.length, state(tenant.leaver).groups.length);
  });

  test('an address in place of the distinguished name finds nothing', async () => {
    const { objects } = await run('Get-Recipient', {
      Filter: "Members -eq 'max.muster@example.org'",
    });
    assert.deepEqual(objects, []);
  });

  test('an address two recipients have gives two answers, and is ambiguous as an identity', async () => {
    const { objects } = await run('Get-Recipient', {
      Filter: "EmailAddresses -eq 'tom.twin@example.org'",
    });
    assert.equal(objects.length, 2);
    const error = await failure('Get-Recipient', { Identity: 'tom.twin@example.org' });
    assert.equal(error.reason, 'ManagementObjectNotFoundException');
    assert.match(error.message, /matches multiple entries/);
  });

  test('no identity, or an empty one, gives everything', async () => {
    const all = (await run('Get-Mailbox')).objects.length;
    assert.ok(all > 10);
    assert.equal((await run('Get-Mailbox', { Identity: null })).objects.length, all);
    assert.equal((await run('Get-Mailbox', { Identity: '' })).objects.length, all);
  });

  test('a person without mailbox, a mail user and a soft-deleted one have no mailbox to be found', async () => {
    for (const name of ['nick.nomail', 'mia.mailuser', 'dora.deleted']) {
      const error = await failure('Get-Mailbox', { Identity: `${name}@example.org` });
      assert.match(
        error.message,
        /^Ex6F9304\|Microsoft\.Exchange\.Configuration\.Tasks\.ManagementObjectNotFoundException\|/,
      );
    }
  });

  test('listings end at 1,000 with a warning unless all are asked for', async () => {
    const some = await run('Get-Recipient');
    assert.equal(some.objects.length, 1_000);
    assert.match(some.warnings[0] ?? '', /only the first 1000/);
    const members = { Identity: 'newsletter@example.org' };
    assert.equal((await run('Get-DistributionGroupMember', members)).objects.length, 1_000);
    const all = await run('Get-DistributionGroupMember', { ...members, ResultSize: 'Unlimited' });
    assert.equal(all.objects.length, 1_500);
    assert.deepEqual(all.warnings, []);
  });

  test('the sign-in name is no filter of Get-Recipient and no identity of a member', async () => {
    const filter = "UserPrincipalName -eq 'lee.oneil@example.org'";
    const error = await failure('Get-Recipient', { Filter: filter });
    assert.match(error.message, /not a recognized filterable property/);
    assert.equal((await run('Get-Mailbox', { Filter: filter })).objects.length, 1);
    assert.equal(
      (await run('Get-Mailbox', { Identity: 'lee.oneil@example.org' })).objects.length,
      1,
    );
    const leave = { Identity: 'buyers@example.org', Member: 'lee.oneil@example.org', ...LEAVE };
    assert.match(
      (await failure('Remove-DistributionGroupMember', leave)).message,
      /couldn't be found/,
    );
  });
});

const LEAVE = { BypassSecurityGroupManagerCheck: true, Confirm: false };

describe('changing', () => {
  test('a mailbox becomes shared, and a second time only warns', async () => {
    const convert = { Identity: tenant.leaver, Type: 'Shared', Confirm: false };
    assert.deepEqual((await run('Set-Mailbox', convert)).warnings, []);
    assert.equal(state(tenant.leaver).type, 'SharedMailbox');
    const { warnings } = await run('Set-Mailbox', convert);
    assert.match(warnings[0] ?? '', /no settings of '.*' have been modified/);
  });

  test('rights are given once, and a second time only warn', async () => {
    const full = {
      Identity: tenant.leaver,
      User: tenant.manager,
      AccessRights: ['FullAccess'],
      Confirm: false,
    };
    const sendAs = {
      Identity: tenant.leaver,
      Trustee: tenant.manager,
      AccessRights: ['SendAs'],
      Confirm: false,
    };
    for (const [cmdlet, parameters] of [
      ['Add-MailboxPermission', full],
      ['Add-RecipientPermission', sendAs],
    ] as const) {
      assert.deepEqual((await run(cmdlet, parameters)).warnings, []);
      const { warnings } = await run(cmdlet, parameters);
      assert.match(
        warnings[0] ?? '',
        /^The appropriate access control entry is already present on the object/,
      );
    }
    assert.deepEqual(state(tenant.leaver).fullAccess, [tenant.manager]);
    assert.deepEqual(state(tenant.leaver).sendAs, [tenant.manager]);
  });

  test('a permission list has the owner and inherited rows, unless one user is asked for', async () => {
    const all = await run('Get-MailboxPermission', { Identity: tenant.leaver });
    assert.ok(all.objects.some(({ User: user }) => user === 'NT AUTHORITY\\SELF'));
    assert.ok(all.objects.some(({ IsInherited: isInherited }) => isInherited === true));
    const one = await run('Get-MailboxPermission', {
      Identity: tenant.leaver,
      User: tenant.manager,
    });
    assert.deepEqual(one.objects, []);
  });

  test('Send As can be asked for across the tenant by trustee', async () => {
    await run('Add-RecipientPermission', {
      Identity: tenant.leaver,
      Trustee: tenant.manager,
      AccessRights: ['SendAs'],
      Confirm: false,
    });
    const { objects } = await run('Get-RecipientPermission', { Trustee: tenant.manager });
    assert.deepEqual(
      objects.map((one) => one['Identity']),
      ["Lee O'Neil-Åström"],
    );
  });

  test('a member leaves a group, and is no member after that', async () => {
    const leave = { Identity: 'newsletter@example.org', Member: tenant.leaver, ...LEAVE };
    assert.deepEqual((await run('Remove-DistributionGroupMember', leave)).errors, []);
    assert.equal(state('newsletter@example.org').members, 1_499);
    const error = await failure('Remove-DistributionGroupMember', leave);
    assert.equal(error.reason, 'MemberNotFoundException');
  });

  const REFUSALS: readonly [string, Record<string, unknown>, RegExp][] = [
    [
      'old-datacentre',
      LEAVE,
      /out of the current user's write scope.*synchronized from your on-premises organization/,
    ],
    ['sales', LEAVE, /DynamicGroupMembershipChangeDeniedException/],
    ['project-phoenix', LEAVE, /couldn't be found/],
    ['vault-access', { Confirm: false }, /only be performed by a manager of the group/],
    ['buyers', { BypassSecurityGroupManagerCheck: true }, /NonInteractive/],
    ['nothing', LEAVE, /couldn't be found/],
  ];
  for (const [group, how, message] of REFUSALS) {
    test(`leaving ${group} with ${JSON.stringify(how)} is refused`, async () => {
      const before = state(tenant.leaver);
      const parameters = { Identity: `${group}@example.org`, Member: tenant.leaver, ...how };
      assert.match((await failure('Remove-DistributionGroupMember', parameters)).message, message);
      assert.deepEqual(state(tenant.leaver), before);
    });
  }

  test('what is not imitated is refused, never ignored', async () => {
    for (const [cmdlet, parameters] of [
      [
        'Set-Mailbox',
        { Identity: tenant.leaver, Type: 'Shared', CustomAttribute1: 'x', Confirm: false },
      ],
      ['Set-UnifiedGroup', { Identity: 'x', Confirm: false }],
    ] as const) {
      assert.equal((await failure(cmdlet, parameters)).reason, 'NotImplementedException');
    }
    assert.equal(state(tenant.leaver).type, 'UserMailbox');
  });

  test('an error has the form of the real one', async () => {
    const error = await failure('Get-Mailbox', { Identity: 'x@example.org' });
    assert.deepEqual(
      {
        ...error,
        fullyQualifiedErrorId: error.fullyQualifiedErrorId
          .replace(/=[^,\]]+/g, '=…')
          .replace(/,[^,]*GMT/, ''),
      },
      {
        message:
          "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object 'x@example.org' couldn't be found on 'DB6PR06A001DC06.EURPR06A001.prod.outlook.com'.",
        reason: 'ManagementObjectNotFoundException',
        category: 'NotSpecified',
        activity: 'Get-Mailbox',
        fullyQualifiedErrorId: '[Server=…,RequestId=…,TimeStamp=…],Write-ErrorMessage',
      },
    );
  });
});

describe('faults on order', () => {
  const READ = ['Get-Mailbox', { Identity: "lee.o'neil-astrom@example.org" }] as const;
  const CONVERT = { Identity: "lee.o'neil-astrom@example.org", Type: 'Shared', Confirm: false };

  test('throttled with and without a time, then well again', async () => {
    tenant.order([{ kind: 'throttled', retryAfterSeconds: 7 }, { kind: 'throttled' }]);
    const first = await run(...READ);
    assert.deepEqual([first.status, first.retryAfter], [429, '7']);
    const second = await run(...READ);
    assert.deepEqual([second.status, second.retryAfter], [429, null]);
    assert.equal((await run(...READ)).status, 200);
  });

  test('a busy server has done nothing', async () => {
    tenant.order([{ kind: 'server-busy', cmdlet: 'Set-Mailbox' }]);
    assert.equal((await run('Set-Mailbox', CONVERT)).status, 503);
    assert.equal(state(tenant.leaver).type, 'UserMailbox');
  });

  test('no answer, and yet it was done', async () => {
    tenant.order([{ kind: 'no-answer', cmdlet: 'Set-Mailbox' }]);
    await assert.rejects(run('Set-Mailbox', CONVERT));
    assert.equal(state(tenant.leaver).type, 'SharedMailbox');
  });

  test('it says done, and nothing was done', async () => {
    tenant.order([{ kind: 'nothing-done' }]);
    assert.deepEqual((await run('Set-Mailbox', CONVERT)).errors, []);
    assert.equal(state(tenant.leaver).type, 'UserMailbox');
  });

  test('one group refuses, the others do not', async () => {
    const group = state('buyers@example.org').guid;
    const exception = 'Microsoft.Exchange.Data.Storage.StorageTransientException';
    tenant.order([{ kind: 'refused', identity: group, exception, message: 'try later', times: 9 }]);
    const leave = { Member: tenant.leaver, ...LEAVE };
    const error = await failure('Remove-DistributionGroupMember', { Identity: group, ...leave });
    assert.equal(error.message, `|${exception}|try later`);
    const other = { Identity: 'vault-access@example.org', ...leave };
    assert.deepEqual((await run('Remove-DistributionGroupMember', other)).errors, []);
  });

  test('a fault can wait for its call', async () => {
    tenant.order([{ kind: 'throttled', after: 2 }]);
    const statuses = [];
    for (let call = 0; call < 4; call += 1) {
      statuses.push((await run(...READ)).status);
    }
    assert.deepEqual(statuses, [200, 200, 429, 200]);
  });

  test('a session can be gone for good', async () => {
    tenant.order([{ kind: 'session-gone' }]);
    assert.equal((await run(...READ)).status, 401);
    assert.equal((await run(...READ)).status, 401);
  });

  test('a change is seen after as many reads as ordered', async () => {
    await restart({ visibilityLagReads: 2 });
    await run('Set-Mailbox', CONVERT);
    assert.equal(state(tenant.leaver).type, 'SharedMailbox');
    const seen = [];
    for (let read = 0; read < 3; read += 1) {
      seen.push((await run(...READ)).objects[0]?.['RecipientTypeDetails']);
    }
    assert.deepEqual(seen, ['UserMailbox', 'UserMailbox', 'SharedMailbox']);
  });
});

describe('signing in', () => {
  async function connect(body: unknown): Promise<string> {
    const response = await fetch(`${tenant.url}/connect`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return `${response.status} ${await response.text()}`;
  }

  test('another app, organisation or certificate is refused in the words of the real one', async () => {
    await restart({ thumbprint: 'AB12' });
    const { appId, organization } = tenant;
    const good = { kind: 'certificate', appId, organization, thumbprint: 'ab12' };
    assert.match(await connect(good), /^200 /);
    assert.match(await connect({ ...good, appId: 'x' }), /^401 .*AADSTS700016/);
    assert.match(await connect({ ...good, organization: 'x' }), /^401 .*AADSTS900023/);
    assert.match(await connect({ ...good, thumbprint: 'cd34' }), /^401 .*AADSTS700027/);
  });

  test('nonsense is a 400 and an unknown path a 404', async () => {
    assert.match(await connect({ kind: 'password' }), /^400 /);
    const unknown = await fetch(`${tenant.url}/nothing`);
    assert.equal(unknown.status, 404);
    const broken = await fetch(`${tenant.url}/cmdlet`, { method: 'POST', body: '{' });
    assert.equal(broken.status, 400);
  });
});

test('calls are counted by cmdlet and kept in order', async () => {
  await run('Get-AcceptedDomain');
  await run('Get-Mailbox', { Identity: 'x@example.org' });
  const seen = (await (await fetch(`${tenant.url}/sandbox/calls`)).json()) as ReturnType<
    RunningTenant['calls']
  >;
  assert.deepEqual(seen.counts, { 'Get-AcceptedDomain': 1, 'Get-Mailbox': 1 });
  assert.deepEqual(
    seen.log.map(({ number, outcome }) => [number, outcome]),
    [
      [1, 'done'],
      [2, 'refused'],
    ],
  );
});

test('the state is there to look at, and faults to order, over HTTP', async () => {
  const address = encodeURIComponent(tenant.leaver);
  const seen = await (await fetch(`${tenant.url}/sandbox/state?address=${address}`)).json();
  assert.deepEqual(seen, tenant.state(tenant.leaver));
  const order = (body: unknown) =>
    fetch(`${tenant.url}/sandbox/faults`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal((await order([{ kind: 'throttled' }])).status, 200);
  assert.equal((await order([{ kind: 'earthquake' }])).status, 400);
  assert.equal((await run('Get-AcceptedDomain')).status, 429);
});

test('closing twice is closing once', async () => {
  const other = await startTenant();
  await other.close();
  await other.close();
});
