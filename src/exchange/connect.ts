import { CMDLETS } from '../cmdlets/cmdlets.ts';
import { retryOf, ServiceError } from '../errors.ts';
import type { AllowList, ParameterValue, PowerShellError } from '../powershell/frames.ts';
import type { Session } from '../powershell/session.ts';
import type { CommandOutcome } from '../powershell/sessions.ts';
import { classify, failureOf, wordsOf } from './errors.ts';

/** How the service proves itself to Exchange: always as an app, never as a person. */
export type SignIn =
  | { readonly kind: 'certificate'; readonly pfx: string; readonly password: string }
  | { readonly kind: 'thumbprint'; readonly thumbprint: string }
  | { readonly kind: 'managed-identity'; readonly accountId: string | undefined };

export interface ConnectSettings {
  readonly signIn: SignIn;
  readonly appId: string;
  readonly organization: string;
  readonly environmentName: string | undefined;
  /** Folder or manifest of the module; undefined lets PSModulePath decide. */
  readonly modulePath: string | undefined;
  readonly moduleVersion: string | undefined;
  readonly connectTimeoutMs: number;
}

const CONNECTION_CMDLETS = {
  'Connect-ExchangeOnline': [
    'Certificate',
    'CertificateThumbprint',
    'ManagedIdentity',
    'ManagedIdentityAccountId',
    'AppId',
    'Organization',
    'ExchangeEnvironmentName',
    'CommandName',
    'ShowBanner',
    'SkipLoadingFormatData',
    'ErrorAction',
  ],
} as const;

/** All a session may run: the vocabulary, and what makes the connection. */
export const EXCHANGE_ALLOW_LIST: AllowList = {
  ...CONNECTION_CMDLETS,
  ...Object.fromEntries(
    Object.entries(CMDLETS).map(([name, { parameters }]) => [
      name,
      [...Object.keys(parameters), 'ErrorAction'],
    ]),
  ),
};

/**
 * Makes a fresh session a connection to Exchange: imports the module, signs in, and reads once, since a
 * connection is only local until then. Ends the session before it throws `exchange.module-missing`,
 * `exchange.sign-in-refused`, `exchange.throttled`, `exchange.server-trouble` or `powershell.unavailable`.
 */
export async function connect(session: Session, settings: ConnectSettings): Promise<void> {
  try {
    await prepare(session, settings);
    await signIn(session, settings);
    await readOnce(session, settings);
  } catch (error) {
    await session.stop('not connected');
    throw retryOf(error) === 'outage' ? error : unavailable(error);
  }
}

/** Nothing of a job was begun: whatever went wrong, it waits. */
function unavailable(cause: unknown): ServiceError {
  const why = cause instanceof Error ? cause.message : 'unknown fault';
  return new ServiceError('powershell.unavailable', `no connection to Exchange: ${why}`, { cause });
}

async function prepare(session: Session, settings: ConnectSettings): Promise<void> {
  const name = settings.modulePath ?? 'ExchangeOnlineManagement';
  const version = settings.moduleVersion === undefined ? {} : { version: settings.moduleVersion };
  const outcome = await session.prepare(
    { modules: [{ name, ...version }], allow: EXCHANGE_ALLOW_LIST },
    { timeoutMs: settings.connectTimeoutMs },
  );
  if (outcome.kind === 'failed') {
    throw new ServiceError(
      'exchange.module-missing',
      `the module ${name}${settings.moduleVersion === undefined ? '' : ` ${settings.moduleVersion}`} cannot be loaded: ` +
        `${outcome.error.message}; install it with Install-PSResource ExchangeOnlineManagement`,
      { facts: { module: name, reason: outcome.error.reason } },
    );
  }
}

async function signIn(session: Session, settings: ConnectSettings): Promise<void> {
  const outcome = await session
    .run(
      {
        command: 'Connect-ExchangeOnline',
        parameters: {
          ...proof(settings.signIn),
          ...(settings.signIn.kind === 'managed-identity' ? {} : { AppId: settings.appId }),
          Organization: settings.organization,
          ...(settings.environmentName === undefined
            ? {}
            : { ExchangeEnvironmentName: settings.environmentName }),
          CommandName: Object.keys(CMDLETS),
          ShowBanner: false,
          SkipLoadingFormatData: true,
          ErrorAction: 'Stop',
        },
        properties: [],
      },
      { timeoutMs: settings.connectTimeoutMs },
    )
    .catch((error: unknown) => {
      throw isTimeOut(error) ? waitedForPrompt(settings, error) : error;
    });
  if (outcome.kind === 'failed') {
    throw refusal('Connect-ExchangeOnline', outcome.error);
  }
}

function proof(signIn: SignIn): Readonly<Record<string, ParameterValue>> {
  switch (signIn.kind) {
    case 'certificate':
      return {
        Certificate: { $type: 'certificate', pfx: signIn.pfx, password: signIn.password },
      };
    case 'thumbprint':
      return { CertificateThumbprint: signIn.thumbprint };
    case 'managed-identity':
      return {
        ManagedIdentity: true,
        ...(signIn.accountId === undefined ? {} : { ManagedIdentityAccountId: signIn.accountId }),
      };
  }
}

async function readOnce(session: Session, settings: ConnectSettings): Promise<void> {
  const outcome = await session.run(
    { command: 'Get-AcceptedDomain', parameters: { ErrorAction: 'Stop' }, properties: [] },
    { timeoutMs: settings.connectTimeoutMs },
  );
  if (outcome.kind === 'failed') {
    throw refusal('Get-AcceptedDomain', outcome.error);
  }
}

/** Whether a session is of no more use after this: the next one connects anew. */
export function isConnectionGone(outcome: CommandOutcome): boolean {
  return outcome.kind === 'failed' && classify(outcome.error) === 'exchange.session-gone';
}

/** A refusal while signing in keeps every job waiting: it is told with its cause and its cure. */
function refusal(cmdlet: string, error: PowerShellError): ServiceError {
  const means = classify(error);
  if (means === 'exchange.throttled' || means === 'exchange.server-trouble') {
    return failureOf(cmdlet, error, means);
  }
  const { message } = wordsOf(error);
  const aadsts = /AADSTS\d+/.exec(message)?.[0];
  const cure = cureFor(cmdlet, error, aadsts);
  return new ServiceError(
    'exchange.sign-in-refused',
    cure === undefined ? message : `${message} (${cure})`,
    { facts: { cmdlet, reason: error.reason, aadsts } },
  );
}

function cureFor(
  cmdlet: string,
  { fullyQualifiedErrorId: id, message }: PowerShellError,
  aadsts: string | undefined,
): string | undefined {
  if (aadsts !== undefined) {
    return CURES[aadsts];
  }
  if (id.startsWith('ValueRefused')) {
    return 'the certificate cannot be opened: check EXO_BRIDGE_CERTIFICATE and EXO_BRIDGE_CERTIFICATE_PASSWORD';
  }
  if (/NonInteractive|prompts? the user/i.test(message)) {
    return 'the module wanted somebody to sign in: check certificate, exchange.appId and exchange.organization';
  }
  return id.startsWith('CommandNotFoundException') && cmdlet !== 'Connect-ExchangeOnline'
    ? `the app was not granted ${cmdlet}: assign the roles of the README`
    : undefined;
}

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const CURES: Readonly<Record<string, string>> = {
  AADSTS700027: 'upload the public part of this certificate to the app registration',
  AADSTS1000502: 'the certificate is outside its validity: make a new one and upload it',
  AADSTS700024: 'set the clock of this machine',
  AADSTS700016: 'check exchange.appId: the tenant has no such app',
  AADSTS900023: 'check exchange.organization: there is no such tenant',
  AADSTS65001: 'grant admin consent for Exchange.ManageAsApp',
  AADSTS53003: 'a conditional access policy blocks the app',
  AADSTS500014: 'the app or Exchange Online is disabled in the tenant',
};

function isTimeOut(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'powershell.timed-out';
}

function waitedForPrompt(settings: ConnectSettings, cause: unknown): ServiceError {
  return new ServiceError(
    'exchange.sign-in-refused',
    `no connection within ${settings.connectTimeoutMs} ms: the module may be waiting for somebody to sign in; ` +
      'check certificate, exchange.appId and exchange.organization',
    { cause },
  );
}
