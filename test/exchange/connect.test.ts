import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { CMDLETS } from '../../src/cmdlets/cmdlets.ts';
import { ServiceError } from '../../src/errors.ts';
import { type ConnectSettings, connect, EXCHANGE_ALLOW_LIST } from '../../src/exchange/connect.ts';
import type { CommandRequest, PowerShellError } from '../../src/powershell/frames.ts';
import type { Session } from '../../src/powershell/session.ts';
import type { CommandOutcome } from '../../src/powershell/sessions.ts';

const SETTINGS: ConnectSettings = {
  signIn: { kind: 'certificate', pfx: 'canary-pfx', password: 'canary-password' },
  appId: '11111111-2222-4333-8444-555555555555',
  organization: 'contoso.onmicrosoft.com',
  environmentName: undefined,
  modulePath: undefined,
  moduleVersion: undefined,
  connectTimeoutMs: 1_000,
};
const DONE: CommandOutcome = { kind: 'completed', rows: [{}], warnings: [] };

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
function scene(answers: Readonly<Record<string, CommandOutcome | ServiceError>> = {}) {
  const sent: CommandRequest[] = [];
  const prepared: unknown[] = [];
  const stops: string[] = [];
  const answer = (name: string) => {
    const given = answers[name] ?? DONE;
    if (given instanceof ServiceError) {
      throw given;
    }
    return given;
  };
  const session = {
    prepare: async (setup: unknown) => {
      prepared.push(setup);
      return answer('prepare');
    },
    run: async (request: CommandRequest) => {
      sent.push(request);
      return answer(request.command);
    },
    stop: async (reason: string) => {
      stops.push(reason);
    },
  };
  return { session: session as unknown as Session, sent, prepared, stops };
}

async function failureOf(
  answers: Readonly<Record<string, CommandOutcome | ServiceError>>,
): Promise<ServiceError> {
  const { session, stops } = scene(answers);
  const error = await connect(session, SETTINGS).then(
    () => assert.fail('connected'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ServiceError);
  assert.equal(stops.length, 1, 'the session is ended first');
  assert.doesNotMatch(inspect(error, { depth: null, showHidden: true }), /canary/);
  return error;
}

test('a connection offers the vocabulary and nothing else, and is read from once', async () => {
  const { session, sent, prepared, stops } = scene();
  await connect(session, SETTINGS);
  const [signIn, read] = sent;
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
  assert.equal(read?.command, 'Get-AcceptedDomain');
  assert.deepEqual([sent.length, stops.length], [2, 0]);
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
