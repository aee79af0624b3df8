import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { CMDLETS } from '../../src/cmdlets/cmdlets.ts';
import { ServiceError } from '../../src/errors.ts';
import {
  type ConnectSettings,
  connect,
  EXCHANGE_ALLOW_LIST,
  healthOf,
} from '../../src/exchange/connect.ts';
import type { CommandRequest, PowerShellError } from '../../src/powershell/frames.ts';
import type { Session } from '../../src/powershell/session.ts';
import type { CommandOutcome } from '../../src/powershell/sessions.ts';

const SETTINGS: ConnectSettings = {
  signIn: {
    kind: 'certificate',
    read: async () => ({ pfx: 'canary-pfx', password: 'canary-password' }),
  },
  appId: '11111111-2222-4333-8444-555555555555',
  organization: 'contoso.onmicrosoft.com',
  environmentName: undefined,
  modulePath: undefined,
  moduleVersion: undefined,
  connectTimeoutMs: 1_000,
};
const DONE: CommandOutcome = { kind: 'completed', rows: [{}], warnings: [] };

function returned(...rows: CommandOutcome['rows']): CommandOutcome {
  return { kind: 'completed', rows, warnings: [] };
}

const LOADED = returned({ Name: 'ExchangeOnlineManagement', Version: '3.9.2' });
const CONNECTED = returned({ State: 'Connected' });

function failed(message: string, part: Partial<PowerShellError> = {}): CommandOutcome {
  const error: PowerShellError = {
    message,
    exceptionType: 'System.Exception',
    innerTypes: [],
    fullyQualifiedErrorId: '',
    category: 'NotSpecified',
    reason: 'Exception',
    activity: '',
    targetName: '',
    ...part,
  };
  return { kind: 'failed', error, rows: [], warnings: [] };
}

/** A session that remembers what it was asked and answers as told; everything else succeeds. */
function scene(
  answers: Readonly<Record<string, CommandOutcome | ServiceError>> = {},
  engineVersion = '7.4.6',
) {
  const sent: CommandRequest[] = [];
  const prepared: unknown[] = [];
  const answer = (name: string) => {
    const usual = { prepare: LOADED, 'Get-ConnectionInformation': CONNECTED }[name] ?? DONE;
    const given = answers[name] ?? usual;
    if (given instanceof ServiceError) {
      throw given;
    }
    return given;
  };
  const session = {
    engineVersion,
    prepare: async (setup: unknown) => {
      prepared.push(setup);
      return answer('prepare');
    },
    run: async (request: CommandRequest) => {
      sent.push(request);
      return answer(request.command);
    },
  };
  return { session: session as unknown as Session, sent, prepared };
}

async function failureOf(
  answers: Readonly<Record<string, CommandOutcome | ServiceError>>,
  { settings = SETTINGS, engineVersion = '7.4.6' } = {},
): Promise<ServiceError> {
  const { session } = scene(answers, engineVersion);
  const error = await connect(session, settings).then(
    () => assert.fail('connected'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ServiceError);
  assert.doesNotMatch(inspect(error, { depth: null, showHidden: true }), /canary/);
  return error;
}

test('a connection offers the vocabulary and nothing else, and is read from once', async () => {
  const { session, sent, prepared } = scene();
  await connect(session, SETTINGS);
  const [signIn] = sent;
  assert.deepEqual(prepared, [
    { modules: [{ name: 'ExchangeOnlineManagement' }], allow: EXCHANGE_ALLOW_LIST },
  ]);
  assert.deepEqual(signIn?.parameters, {
    Certificate: { $type: 'certificate', pfx: 'canary-pfx', password: 'canary-password' },
    AppId: SETTINGS.appId,
    Organization: SETTINGS.organization,
    CommandName: Object.keys(CMDLETS),
    ShowBanner: false,
    SkipLoadingFormatData: true,
    ErrorAction: 'Stop',
  });
  assert.deepEqual(
    sent.map(({ command }) => command),
    ['Connect-ExchangeOnline', 'Get-ConnectionInformation', 'Get-AcceptedDomain'],
  );
});

test('a managed identity names its account and no app; a cloud of its own is named', async () => {
  const { session, sent } = scene();
  const signIn = { kind: 'managed-identity', accountId: 'id' } as const;
  await connect(session, { ...SETTINGS, signIn, environmentName: 'O365China' });
  const parameters = sent[0]?.parameters ?? {};
  assert.equal(parameters['ManagedIdentity'], true);
  assert.equal(parameters['ManagedIdentityAccountId'], 'id');
  assert.equal(parameters['ExchangeEnvironmentName'], 'O365China');
  assert.ok(!('AppId' in parameters) && !('Certificate' in parameters));
});

test('a pinned module is asked for by path and version', async () => {
  const { session, prepared } = scene();
  await connect(session, { ...SETTINGS, modulePath: '/modules/exo', moduleVersion: '3.9.2' });
  const [setup] = prepared as { modules: unknown }[];
  assert.deepEqual(setup?.modules, [{ name: '/modules/exo', version: '3.9.2' }]);
});

test('every parameter that is sent is on the allow list', async () => {
  for (const signIn of [
    SETTINGS.signIn,
    { kind: 'thumbprint', thumbprint: 'AB' },
    { kind: 'managed-identity', accountId: 'id' },
    { kind: 'access-token', read: () => 'token' },
  ] as const) {
    const { session, sent } = scene();
    await connect(session, { ...SETTINGS, signIn, environmentName: 'O365China' });
    for (const { command, parameters } of sent) {
      const allowed = EXCHANGE_ALLOW_LIST[command] ?? [];
      assert.deepEqual(
        Object.keys(parameters).filter((name) => !allowed.includes(name)),
        [],
      );
    }
  }
});

test('a refused sign-in names the code and the cure', async () => {
  const message = 'AADSTS700016: Application with identifier x was not found in the directory y.';
  const error = await failureOf({ 'Connect-ExchangeOnline': failed(message) });
  assert.equal(error.code, 'exchange.sign-in-refused');
  assert.equal(error.facts['aadsts'], 'AADSTS700016');
  assert.match(error.message, /exchange\.appId/);
});

test('a module that is not there is told with its name', async () => {
  const error = await failureOf({ prepare: failed('The specified module was not loaded.') });
  assert.equal(error.code, 'exchange.module-missing');
  assert.match(error.message, /ExchangeOnlineManagement/);
});

test('a sign-in that never ends is told as waiting for a person', async () => {
  const late = new ServiceError('powershell.timed-out', 'no answer within 1000 ms');
  const error = await failureOf({ 'Connect-ExchangeOnline': late });
  assert.equal(error.code, 'exchange.sign-in-refused');
  assert.match(error.message, /waiting for somebody to sign in/);
  assert.equal(error.cause, late);
});

test('a connection that cannot read is no connection', async () => {
  const message = "The role assigned to application x isn't supported in this scenario.";
  const error = await failureOf({ 'Get-AcceptedDomain': failed(message) });
  assert.equal(error.code, 'exchange.sign-in-refused');
});

test('an access token is asked for at each connection and names no app', async () => {
  let asked = 0;
  const read = () => `canary-token-${++asked}`;
  const settings = { ...SETTINGS, signIn: { kind: 'access-token', read } } as const;
  const { session, sent } = scene();
  await connect(session, settings);
  await connect(session, settings);
  const tokens = sent.flatMap(({ parameters }) => parameters['AccessToken'] ?? []);
  assert.deepEqual(tokens, ['canary-token-1', 'canary-token-2']);
  assert.ok(sent.every(({ parameters }) => !('AppId' in parameters)));
});

test('a module that says it is not connected is no connection', async () => {
  const broken = returned({ State: 'Broken' });
  const error = await failureOf({ 'Get-ConnectionInformation': broken });
  assert.equal(error.code, 'powershell.unavailable');
});

for (const [what, version, shell, expected] of [
  [
    'a module for a newer PowerShell',
    '3.10.1',
    '7.5.4',
    /needs PowerShell 7\.6, this is 7\.5\.4: install/,
  ],
  ['a module that is too old', '3.4.0', '7.6.0', /too old: install 3\.5\.0/],
  ['an old PowerShell', '3.9.2', '7.3.12', /needs PowerShell 7\.4, this is 7\.3\.12: install/],
] as const) {
  test(`${what} is refused with what to install`, async () => {
    const loaded = returned({ Name: 'ExchangeOnlineManagement', Version: version });
    const error = await failureOf({ prepare: loaded }, { engineVersion: shell });
    assert.equal(error.code, 'exchange.module-unsuitable');
    assert.match(error.message, expected);
  });
}

test('another version than the pinned one is refused, whatever the engine made of the wish', async () => {
  const error = await failureOf({}, { settings: { ...SETTINGS, moduleVersion: '3.10.1' } });
  assert.match(error.message, /version 3\.9\.2 of the module was loaded instead of 3\.10\.1/);
});

test('a module of another name is refused', async () => {
  const error = await failureOf({ prepare: returned({ Name: 'Other', Version: '3.9.2' }) });
  assert.match(error.message, /is not the module ExchangeOnlineManagement/);
});

for (const [shell, version] of [
  ['7.4.0', '3.5.0'],
  ['7.4.12', '3.9.2'],
  ['7.6.0', '3.10.0'],
  ['7.10.1', '3.11.0'],
  ['8.0.0-preview.1', '4.0.0'],
] as const) {
  test(`PowerShell ${shell} takes version ${version} of the module`, async () => {
    const loaded = returned({ Name: 'ExchangeOnlineManagement', Version: version });
    await connect(scene({ prepare: loaded }, shell).session, SETTINGS);
  });
}

test('a connection that is gone, or throttled, is told apart from a refusal', () => {
  const gone = failed(
    'You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets.',
  );
  assert.equal(healthOf(gone).kind, 'gone');
  const throttled = failed('Too Many Requests', { httpStatus: 429, retryAfterSeconds: 90 });
  assert.deepEqual(healthOf(throttled), { kind: 'throttled', retryAfterMs: 90_000 });
  assert.equal(healthOf(failed("couldn't be found on", {})).kind, 'sound');
  assert.equal(healthOf(DONE).kind, 'sound');
});
