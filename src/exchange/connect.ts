import { z } from 'zod';
import { CMDLETS } from '../cmdlets/cmdlets.ts';
import { retryOf, ServiceError } from '../errors.ts';
import type { AllowList, ParameterValue } from '../powershell/frames.ts';
import type { Health } from '../powershell/pool-parts.ts';
import type { Session } from '../powershell/session.ts';
import type { CommandOutcome } from '../powershell/sessions.ts';
import { ASKED_ABOUT } from './abilities.ts';
import { classify, retryAfterMsOf } from './errors.ts';
import { unsuitable } from './module-needs.ts';
import { refusal, waitedForPerson } from './sign-in-faults.ts';

/** How the service proves itself to Exchange: always as an app, never as a person. */
export type SignIn =
  /** PFX in base64 and its password: asked for at each connection, since the files may be replaced. */
  | {
      readonly kind: 'certificate';
      readonly read: () => Promise<{ readonly pfx: string; readonly password: string }>;
    }
  | { readonly kind: 'thumbprint'; readonly thumbprint: string }
  | { readonly kind: 'managed-identity'; readonly accountId: string | undefined }
  /** A token that somebody else renews: asked for anew at each connection. */
  | { readonly kind: 'access-token'; readonly read: () => string };

export interface ConnectSettings {
  readonly signIn: SignIn;
  readonly appId: string;
  readonly organization: string;
  readonly environmentName: string | undefined;
  /** Folder or manifest of the module; undefined lets PSModulePath decide. */
  readonly modulePath: string | undefined;
  /** The exact version to demand. */
  readonly moduleVersion: string | undefined;
  readonly connectTimeoutMs: number;
  /** To look at, not to work with: the session may also be asked what the app's roles give (`abilities.ts`). */
  readonly inspects?: boolean;
}

const MODULE = 'ExchangeOnlineManagement';
/** A good-bye that takes longer is not waited for: the process ends anyway. */
const DISCONNECT_TIMEOUT_MS = 5_000;

const CONNECTION_CMDLETS = {
  'Connect-ExchangeOnline': [
    'Certificate',
    'CertificateThumbprint',
    'ManagedIdentity',
    'ManagedIdentityAccountId',
    'AccessToken',
    'AppId',
    'Organization',
    'ExchangeEnvironmentName',
    'CommandName',
    'ShowBanner',
    'SkipLoadingFormatData',
    'ErrorAction',
  ],
  'Get-ConnectionInformation': ['ErrorAction'],
  'Disconnect-ExchangeOnline': ['Confirm', 'ErrorAction'],
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

const INSPECTION_CMDLETS: AllowList = { 'Get-Command': ['Name', 'ErrorAction'] };

/**
 * Makes a fresh session a connection to Exchange: imports the module, signs in, and reads once, since a
 * connection is only local until then. Gives the version of the module. Throws `exchange.module-missing`,
 * `exchange.module-unsuitable`, `exchange.sign-in-refused`, `certificate.…`, `exchange.throttled`,
 * `exchange.server-trouble` or `powershell.unavailable`;
 * the session is of no use then.
 */
export async function connect(session: Session, settings: ConnectSettings): Promise<string> {
  try {
    const version = await loadModule(session, settings);
    await signIn(session, settings);
    await assertConnected(session, settings);
    await ask(session, 'Get-AcceptedDomain', {}, settings);
    return version;
  } catch (error) {
    throw retryOf(error) === 'outage' ? error : unavailable(error);
  }
}

/** Tells Exchange that the session leaves: clears its token and generated module. Never rejects. */
export async function disconnect(session: Session): Promise<void> {
  const request = {
    command: 'Disconnect-ExchangeOnline',
    parameters: { Confirm: false, ErrorAction: 'Stop' },
    properties: [],
  };
  // Whether it worked changes nothing: the process ends next, and its folder with it.
  await session.run(request, { timeoutMs: DISCONNECT_TIMEOUT_MS }).catch(() => undefined);
}

/** What an outcome says about the connection it came from. */
export function healthOf(outcome: CommandOutcome): Health {
  if (outcome.kind === 'completed') {
    return { kind: 'sound' };
  }
  switch (classify(outcome.error)) {
    case 'exchange.session-gone':
      return { kind: 'gone', reason: 'its connection is gone' };
    case 'exchange.throttled':
      return { kind: 'throttled', retryAfterMs: retryAfterMsOf(outcome.error) };
    case 'exchange.access-denied':
      // A role that was assigned since is seen by a new connection only.
      return { kind: 'outdated', reason: 'its roles were not enough' };
    default:
      return { kind: 'sound' };
  }
}

/** Nothing of a job was begun: whatever went wrong, it waits. */
function unavailable(cause: unknown): ServiceError {
  const why = cause instanceof Error ? cause.message : 'unknown fault';
  return new ServiceError('powershell.unavailable', `no connection to Exchange: ${why}`, { cause });
}

const importedModules = z.array(z.object({ Name: z.string(), Version: z.string() }));

async function loadModule(session: Session, settings: ConnectSettings): Promise<string> {
  const { modulePath: name = MODULE, moduleVersion: version, connectTimeoutMs } = settings;
  const module = version === undefined ? { name } : { name, version };
  const allow = settings.inspects
    ? { ...EXCHANGE_ALLOW_LIST, ...INSPECTION_CMDLETS }
    : EXCHANGE_ALLOW_LIST;
  const outcome = await session.prepare(
    { modules: [module], allow },
    { timeoutMs: connectTimeoutMs },
  );
  if (outcome.kind === 'failed') {
    const what = version === undefined ? name : `${name} ${version}`;
    const cure = `install it with Install-PSResource ${MODULE}${version === undefined ? '' : ` -Version ${version}`}`;
    throw new ServiceError(
      'exchange.module-missing',
      `the module ${what} cannot be loaded: ${outcome.error.message}; ${cure}`,
      { facts: { module: name, reason: outcome.error.reason } },
    );
  }
  return suitableVersion(outcome, session.engineVersion, version);
}

/** The module that was really loaded, whatever was asked for, on the PowerShell that really runs. */
function suitableVersion(
  { rows }: CommandOutcome,
  shell: string,
  pinned: string | undefined,
): string {
  const found = importedModules.parse(rows).find(({ Name }) => Name === MODULE)?.Version;
  const fault =
    found === undefined
      ? `what was loaded is not the module ${MODULE}: check powershell.modulePath`
      : pinned !== undefined && found !== pinned
        ? `version ${found} of the module was loaded instead of ${pinned}: check powershell.modulePath and powershell.moduleVersion`
        : unsuitable(found, shell);
  if (found === undefined || fault !== undefined) {
    throw new ServiceError('exchange.module-unsuitable', fault ?? 'the module has no version', {
      facts: { module: found, powershell: shell },
    });
  }
  return found;
}

async function signIn(session: Session, settings: ConnectSettings): Promise<void> {
  const { signIn: way, appId, organization, environmentName, connectTimeoutMs } = settings;
  const parameters = {
    ...(await proof(way, appId)),
    Organization: organization,
    ...(environmentName === undefined ? {} : { ExchangeEnvironmentName: environmentName }),
    CommandName: settings.inspects ? ASKED_ABOUT : Object.keys(CMDLETS),
    ShowBanner: false,
    SkipLoadingFormatData: true,
  };
  try {
    await ask(session, 'Connect-ExchangeOnline', parameters, settings);
  } catch (error) {
    const isLate = error instanceof ServiceError && error.code === 'powershell.timed-out';
    throw isLate ? waitedForPerson(connectTimeoutMs, error) : error;
  }
}

async function proof(
  signIn: SignIn,
  appId: string,
): Promise<Readonly<Record<string, ParameterValue>>> {
  switch (signIn.kind) {
    case 'certificate': {
      const { pfx, password } = await signIn.read();
      return { Certificate: { $type: 'certificate', pfx, password }, AppId: appId };
    }
    case 'thumbprint':
      return { CertificateThumbprint: signIn.thumbprint, AppId: appId };
    case 'managed-identity':
      return {
        ManagedIdentity: true,
        ...(signIn.accountId === undefined ? {} : { ManagedIdentityAccountId: signIn.accountId }),
      };
    case 'access-token':
      return { AccessToken: signIn.read() };
  }
}

/** What the module itself says of the connection. It says nothing about the server: hence the reading after it. */
async function assertConnected(session: Session, settings: ConnectSettings): Promise<void> {
  const rows = await ask(session, 'Get-ConnectionInformation', {}, settings, ['State']);
  const states = rows.map(({ State }) => String(State));
  if (!states.includes('Connected')) {
    throw new ServiceError('powershell.unavailable', 'the module says that it is not connected', {
      facts: { states: states.join(', ') },
    });
  }
}

/** One call of connecting; what is refused there keeps the session from being a connection. */
async function ask(
  session: Session,
  command: string,
  parameters: Readonly<Record<string, ParameterValue>>,
  { connectTimeoutMs: timeoutMs }: ConnectSettings,
  properties: readonly string[] = [],
): Promise<CommandOutcome['rows']> {
  const request = { command, parameters: { ...parameters, ErrorAction: 'Stop' }, properties };
  const outcome = await session.run(request, { timeoutMs });
  if (outcome.kind === 'failed') {
    throw refusal(command, outcome.error);
  }
  return outcome.rows;
}
