import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { createCertificate } from '../../src/certificate/create-certificate.ts';
import type { AllowList, ParameterValue, PowerShellError } from '../../src/powershell/frames.ts';
import type { Session } from '../../src/powershell/session.ts';
import { startSession } from '../../src/powershell/start-session.ts';
import { type RunningTenant, startTenant } from '../../src/sandbox/tenant/start-tenant.ts';
import type { Engine } from '../support/engine.ts';

const HOUR_MS = 60 * 60_000;
const MODULE = resolve('src/sandbox/ExchangeOnlineManagement/ExchangeOnlineManagement.psd1');
const ALLOW: AllowList = {
  'Get-Command': ['Name', 'ErrorAction'],
  'Connect-ExchangeOnline': [
    'Certificate',
    'AppId',
    'Organization',
    'CommandName',
    'ShowBanner',
    'SkipLoadingFormatData',
    'ErrorAction',
  ],
  'Disconnect-ExchangeOnline': ['Confirm'],
  'Get-ConnectionInformation': [],
  'Get-AcceptedDomain': [],
  'Get-Recipient': ['Filter', 'ResultSize'],
  'Get-Mailbox': ['Identity', 'ErrorAction', 'Anr'],
  'Get-MailboxStatistics': ['Identity'],
  'Get-EXOMailbox': ['Identity'],
  'Set-Mailbox': [
    'Identity',
    'Type',
    'Confirm',
    'Nonsense',
    'HiddenFromAddressListsEnabled',
    'GrantSendOnBehalfTo',
    'ForwardingAddress',
    'ForwardingSmtpAddress',
  ],
  'Get-CASMailbox': ['Identity'],
  'Set-CASMailbox': ['Identity', 'SmtpClientAuthenticationDisabled', 'PopEnabled', 'Confirm'],
  'Set-DistributionGroup': ['Identity', 'ManagedBy', 'BypassSecurityGroupManagerCheck', 'Confirm'],
  'Get-MailboxAutoReplyConfiguration': ['Identity'],
  'Set-MailboxAutoReplyConfiguration': [
    'Identity',
    'AutoReplyState',
    'InternalMessage',
    'ExternalAudience',
    'StartTime',
    'EndTime',
    'Confirm',
  ],
  'Get-InboxRule': ['Mailbox'],
  'Remove-CalendarEvents': [
    'Identity',
    'CancelOrganizedMeetings',
    'QueryWindowInDays',
    'QueryStartDate',
    'Confirm',
  ],
  'Add-MailboxPermission': ['Identity', 'User', 'AccessRights', 'Confirm'],
  'Get-MobileDevice': ['Mailbox'],
};
/** What Connect-ExchangeOnline is asked for: all but the last. */
const COMMANDS = Object.keys(ALLOW).slice(0, -1);

type Given = Record<string, ParameterValue>;

/** What either stand-in for the Exchange module must do, through a real session. */
export function describeStandIn(engine: Engine): void {
  describe(`Exchange through ${engine.name}`, () => {
    const base = mkdtempSync(join(tmpdir(), 'si-'));
    let tenant: RunningTenant;
    let session: Session;

    before(async () => {
      const certificate = await createCertificate('test', HOUR_MS);
      tenant = await startTenant();
      session = await open(tenant.url);
      // Nobody is connected before this, and what is there then is part of the contract.
      await assertUnconnected();
      await assert.doesNotReject(connect(certificate));
    });
    after(async () => {
      await session.stop('test over');
      await tenant.close();
      assert.deepEqual(readdirSync(base), [], 'a session left its folder behind');
      rmSync(base, { recursive: true });
    });

    async function open(url: string): Promise<Session> {
      const started = await startSession({
        command: engine.command,
        workerScript: resolve('src/powershell/worker.ps1'),
        baseDirectory: base,
        inherited: process.env,
        environment: { EXO_SANDBOX_TENANT: url },
        startTimeoutMs: 30_000,
        log: pino({ level: 'silent' }),
      });
      const outcome = await started.prepare(
        { modules: [{ name: MODULE }], allow: ALLOW },
        { timeoutMs: 30_000 },
      );
      assert.equal(outcome.kind, 'completed', JSON.stringify(outcome));
      assert.deepEqual(outcome.rows, [{ Name: 'ExchangeOnlineManagement', Version: '3.9.2' }]);
      return started;
    }

    function run(command: string, parameters: Given = {}, properties: readonly string[] = []) {
      return session.run({ command, parameters, properties }, { timeoutMs: 30_000 });
    }

    async function completed(
      command: string,
      parameters: Given,
      properties: readonly string[] = [],
    ) {
      const outcome = await run(command, parameters, properties);
      assert.equal(outcome.kind, 'completed', JSON.stringify(outcome));
      return outcome;
    }

    async function failure(command: string, parameters: Given): Promise<PowerShellError> {
      const outcome = await run(command, parameters, ['Guid']);
      assert.equal(outcome.kind, 'failed', JSON.stringify(outcome));
      return outcome.error;
    }

    async function assertUnconnected(): Promise<void> {
      const early = await failure('Get-EXOMailbox', { Identity: tenant.leaver });
      assert.match(early.message, /^You must call the Connect-ExchangeOnline cmdlet before/);
      const missing = await failure('Get-Mailbox', { Identity: tenant.leaver });
      assert.equal(missing.exceptionType, 'System.Management.Automation.CommandNotFoundException');
      assert.match(missing.fullyQualifiedErrorId, /^CommandNotFoundException/);
    }

    async function connect(certificate: { pfx: Buffer; password: string }, appId = tenant.appId) {
      return completed('Connect-ExchangeOnline', {
        Certificate: {
          $type: 'certificate',
          pfx: certificate.pfx.toString('base64'),
          password: certificate.password,
        },
        AppId: appId,
        Organization: tenant.organization,
        CommandName: COMMANDS,
        ShowBanner: false,
        SkipLoadingFormatData: true,
        ErrorAction: 'Stop',
      });
    }

    test('the connection tells what it is', async () => {
      const names = ['State', 'AppId', 'Organization', 'CertificateAuthentication'];
      const { rows } = await completed('Get-ConnectionInformation', {}, names);
      const { appId, organization } = tenant;
      assert.deepEqual(rows, [
        {
          State: 'Connected',
          AppId: appId,
          Organization: organization,
          CertificateAuthentication: true,
        },
      ]);
    });

    test('an unknown application is refused with the code of the real one', async () => {
      await assert.rejects(
        connect(await createCertificate('test', HOUR_MS), 'another'),
        /AADSTS700016/,
      );
    });

    test('only the cmdlets asked for at connecting are there', async () => {
      const error = await failure('Get-MobileDevice', { Mailbox: tenant.leaver });
      assert.match(error.fullyQualifiedErrorId, /^CommandNotFoundException/);
    });

    test('Get-Command tells what a role leaves out: cmdlets and parameters', async () => {
      const certificate = await createCertificate('test', HOUR_MS);
      tenant.withhold(['Set-CASMailbox', 'Set-Mailbox -ForwardingAddress']);
      await connect(certificate);
      const { rows } = await completed(
        'Get-Command',
        { Name: ['Set-CASMailbox', 'Set-Mailbox', 'Get-MobileDevice'], ErrorAction: 'Ignore' },
        ['Name', 'ParameterSets'],
      );
      assert.deepEqual(
        rows.map(({ Name: name }) => name),
        ['Set-Mailbox'],
      );
      const syntax = [rows[0]?.['ParameterSets']].flat().join(' ');
      assert.match(syntax, /-ForwardingSmtpAddress\b/);
      assert.doesNotMatch(syntax, /-ForwardingAddress\b/);
      tenant.withhold([]);
      await connect(certificate);
    });

    test('objects come back with the properties asked for, lists as lists, dates in ISO 8601', async () => {
      const filter = `EmailAddresses -eq '${tenant.leaver.replaceAll("'", "''")}'`;
      const names = ['DisplayName', 'EmailAddresses', 'IsDirSynced', 'WhenCreatedUTC', 'Missing'];
      const {
        rows: [row],
      } = await completed('Get-Recipient', { Filter: filter }, names);
      assert.ok(row);
      const { EmailAddresses: addresses, WhenCreatedUTC: created, ...rest } = row;
      assert.deepEqual(rest, { DisplayName: "Lee O'Neil-Åström", IsDirSynced: false });
      assert.ok(Array.isArray(addresses) && addresses[0] === `SMTP:${tenant.leaver}`);
      assert.match(String(created), /^\d{4}-\d\d-\d\dT00:00:00Z$/);
    });

    test('a long listing comes whole', async () => {
      const { rows } = await completed('Get-Recipient', { ResultSize: 'Unlimited' }, ['Guid']);
      assert.equal(new Set(rows.map((row) => row['Guid'])).size, rows.length);
      assert.ok(rows.length > 1_500);
    });

    for (const more of [{}, { ErrorAction: 'Stop' }]) {
      test(`an error of the service comes as it is, ${JSON.stringify(more)}`, async () => {
        const {
          position: _position,
          fullyQualifiedErrorId: id,
          ...error
        } = await failure('Get-Mailbox', {
          Identity: 'nobody@example.org',
          ...more,
        });
        assert.match(
          id,
          /^\[Server=\w+,RequestId=[0-9a-f-]{36},TimeStamp=.* GMT\],Write-ErrorMessage$/,
        );
        assert.deepEqual(error, {
          message:
            "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object 'nobody@example.org' couldn't be found on 'DB6PR06A001DC06.EURPR06A001.prod.outlook.com'.",
          exceptionType: 'System.Exception',
          innerTypes: [],
          category: 'NotSpecified',
          reason: 'ManagementObjectNotFoundException',
          activity: 'Get-Mailbox',
          targetName: '',
        });
      });
    }

    const NOT_BOUND: readonly [string, Given, RegExp][] = [
      [
        'Set-Mailbox',
        { Identity: 'a@b.example', Nonsense: 'x' },
        /^NamedParameterNotFound,Set-Mailbox$/,
      ],
      [
        'Set-Mailbox',
        { Identity: 'a@b.example', HiddenFromAddressListsEnabled: 'x' },
        /^CannotConvertArgument,Set-Mailbox$/,
      ],
      ['Get-Mailbox', { Identity: 'a@b.example', Anr: 'x' }, /^AmbiguousParameterSet,Get-Mailbox$/],
    ];
    for (const [command, parameters, id] of NOT_BOUND) {
      test(`${command} ${JSON.stringify(parameters)} does not bind`, async () => {
        const before = tenant.calls().total;
        const error = await failure(command, parameters);
        assert.equal(error.exceptionType, 'System.Management.Automation.ParameterBindingException');
        assert.match(error.fullyQualifiedErrorId, id);
        assert.equal(tenant.calls().total, before, 'it reached the service');
      });
    }

    test('a write takes effect, and its repetition is a warning', async () => {
      const convert = { Identity: tenant.leaver, Type: 'Shared', Confirm: false };
      assert.deepEqual((await completed('Set-Mailbox', convert)).warnings, []);
      assert.equal(tenant.state(tenant.leaver)[0]?.type, 'SharedMailbox');
      assert.match((await completed('Set-Mailbox', convert)).warnings[0] ?? '', /no settings of/);
    });

    test('parameters arrive as they were sent', async () => {
      await run('Set-Mailbox', {
        Identity: tenant.manager,
        GrantSendOnBehalfTo: { $type: 'change', add: ['a@b.example'], remove: [] },
        HiddenFromAddressListsEnabled: true,
        Confirm: false,
      });
      await completed('Add-MailboxPermission', {
        Identity: tenant.manager,
        User: tenant.leaver,
        AccessRights: ['FullAccess'],
        Confirm: false,
      });
      const [first, second] = tenant.calls().log.slice(-2);
      const sent = JSON.stringify(first?.parameters);
      assert.match(sent, /"HiddenFromAddressListsEnabled":true/);
      assert.match(sent, /a@b\.example/);
      assert.deepEqual(second?.parameters, {
        Identity: tenant.manager,
        User: tenant.leaver,
        AccessRights: ['FullAccess'],
        Confirm: false,
      });
    });

    const mailbox = (address: string) => tenant.state(address)[0]?.mailbox;
    const NOTHING = { $type: 'null' } as const;

    test('a list is changed by what is added and removed, one side at a time or both at once', async () => {
      const buyers = { Identity: 'buyers@example.org', BypassSecurityGroupManagerCheck: true };
      const change = (add: readonly string[], remove: readonly string[]) =>
        completed('Set-DistributionGroup', {
          ...buyers,
          ManagedBy: { $type: 'change', add, remove },
          Confirm: false,
        });
      const owners = () => tenant.state('buyers@example.org')[0]?.owners;
      await change(['li.na@example.org'], []);
      assert.deepEqual(owners(), [tenant.leaver, 'ada.boss@example.org', 'li.na@example.org']);
      await change([], ['ada.boss@example.org']);
      assert.deepEqual(owners(), [tenant.leaver, 'li.na@example.org']);
      await change([tenant.manager], [tenant.leaver]);
      assert.deepEqual(owners(), ['li.na@example.org', tenant.manager]);
    });

    test('null clears: a recipient, an address, a list, a switch with a default behind it', async () => {
      const one = { Identity: 'li.na@example.org', Confirm: false };
      const settings = {
        ForwardingAddress: tenant.manager,
        ForwardingSmtpAddress: 'li@mail.example',
        GrantSendOnBehalfTo: { $type: 'change', add: [tenant.manager], remove: [] },
      } as const;
      await completed('Set-Mailbox', { ...one, ...settings });
      await completed('Set-CASMailbox', { ...one, SmtpClientAuthenticationDisabled: true });
      const { forwarding } = mailbox('li.na@example.org') ?? {};
      assert.deepEqual(forwarding, {
        recipient: tenant.manager,
        smtpAddress: 'li@mail.example',
        keepsCopy: false,
      });
      const names = Object.keys(settings).map((name) => [name, NOTHING] as const);
      await completed('Set-Mailbox', { ...one, ...Object.fromEntries(names) });
      await completed('Set-CASMailbox', { ...one, SmtpClientAuthenticationDisabled: NOTHING });
      const cleared = mailbox('li.na@example.org');
      assert.deepEqual(cleared?.forwarding, {
        recipient: null,
        smtpAddress: null,
        keepsCopy: false,
      });
      assert.deepEqual(tenant.state('li.na@example.org')[0]?.sendOnBehalf, []);
      const { rows } = await completed('Get-CASMailbox', { Identity: 'li.na@example.org' }, [
        'SmtpClientAuthenticationDisabled',
      ]);
      assert.deepEqual(rows, [{ SmtpClientAuthenticationDisabled: null }]);
    });

    test('sizes come as text and number of bytes', async () => {
      const { rows } = await completed('Get-MailboxStatistics', { Identity: tenant.leaver }, [
        'TotalItemSize',
      ]);
      assert.deepEqual(rows, [
        { TotalItemSize: { text: '18 GB (19,327,352,832 bytes)', bytes: 18 * 2 ** 30 } },
      ]);
    });

    test('dates go in as ISO 8601 and come back as such', async () => {
      await completed('Set-MailboxAutoReplyConfiguration', {
        Identity: tenant.leaver,
        AutoReplyState: 'Scheduled',
        InternalMessage: 'I’ve left & "gone"\n<b>',
        ExternalAudience: 'None',
        StartTime: '2031-03-30T01:30:00Z',
        EndTime: '2031-11-05T17:00:00Z',
        Confirm: false,
      });
      const { rows } = await completed(
        'Get-MailboxAutoReplyConfiguration',
        { Identity: tenant.leaver },
        ['InternalMessage', 'StartTime', 'EndTime'],
      );
      assert.deepEqual(rows, [
        {
          InternalMessage: '<html>\n<body>\nI’ve left & "gone"\n<b>\n</body>\n</html>\n',
          StartTime: '2031-03-30T01:30:00Z',
          EndTime: '2031-11-05T17:00:00Z',
        },
      ]);
    });

    test('the number of a rule is too long for a number: its identity as text is exact', async () => {
      const { rows } = await completed('Get-InboxRule', { Mailbox: tenant.leaver }, [
        'Identity',
        'RuleIdentity',
      ]);
      const ids = mailbox(tenant.leaver)?.rules.filter(({ isHidden }) => !isHidden);
      assert.deepEqual(
        rows.map(({ Identity: identity }) => String(identity).split('\\')[1]),
        ids?.map(({ id }) => id),
      );
      for (const row of rows) {
        assert.equal(typeof row['RuleIdentity'], 'number');
        assert.ok(!Number.isSafeInteger(row['RuleIdentity']));
      }
    });

    test('a whole number and a date are taken where the client or the service reads them', async () => {
      const before = mailbox(tenant.leaver)?.cancellationsSent;
      await completed('Remove-CalendarEvents', {
        Identity: tenant.leaver,
        CancelOrganizedMeetings: true,
        QueryStartDate: '2100-01-01T00:00:00Z',
        QueryWindowInDays: 30,
        Confirm: false,
      });
      assert.equal(mailbox(tenant.leaver)?.cancellationsSent, before);
      assert.equal(mailbox(tenant.leaver)?.cancellationRuns, 1);
    });

    test('being throttled comes with its HTTP status and the time to wait', async () => {
      tenant.order([{ kind: 'throttled', retryAfterSeconds: 7 }, { kind: 'server-busy' }]);
      const throttled = await failure('Get-Mailbox', { Identity: tenant.leaver });
      assert.deepEqual([throttled.httpStatus, throttled.retryAfterSeconds], [429, 7]);
      const busy = await failure('Get-Mailbox', { Identity: tenant.leaver });
      assert.deepEqual([busy.httpStatus, busy.retryAfterSeconds], [503, undefined]);
    });

    test('an answer that is lost is an error of the connection', async () => {
      tenant.order([{ kind: 'no-answer' }]);
      const error = await failure('Get-Mailbox', { Identity: tenant.leaver });
      assert.equal(error.exceptionType, 'System.Net.Http.HttpRequestException');
    });

    test('a command that waits for the service can be cancelled', async () => {
      const slow = await startTenant({ latencyMs: 600_000 });
      const other = await open(slow.url);
      await other.run(
        {
          command: 'Connect-ExchangeOnline',
          parameters: {
            ...(await proof()),
            AppId: slow.appId,
            Organization: slow.organization,
            CommandName: COMMANDS,
          },
          properties: [],
        },
        { timeoutMs: 30_000 },
      );
      const abort = new AbortController();
      const running = other.run(
        { command: 'Get-AcceptedDomain', parameters: {}, properties: [] },
        { timeoutMs: 60_000, signal: abort.signal },
      );
      assert.equal((await other.ping(10_000))?.busy, true);
      abort.abort();
      await assert.rejects(running, { code: 'powershell.cancelled' });
      assert.match((await other.ended).reason, /cancelled/);
      await slow.close();
    });

    async function proof(): Promise<Given> {
      const { pfx, password } = await createCertificate('test', HOUR_MS);
      return { Certificate: { $type: 'certificate', pfx: pfx.toString('base64'), password } };
    }

    test('a session that is gone says so, and after disconnecting the cmdlets are gone', async () => {
      tenant.order([{ kind: 'session-gone' }]);
      const error = await failure('Get-Mailbox', { Identity: tenant.leaver });
      assert.match(error.message, /^You must call the Connect-ExchangeOnline cmdlet/);
      await completed('Disconnect-ExchangeOnline', { Confirm: false });
      await assertUnconnected();
    });
  });
}
