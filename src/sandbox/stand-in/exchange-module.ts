import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { readCertificate } from '../../certificate/read-certificate.ts';
import type { Parameters, ParameterValue, PowerShellError } from '../../powershell/frames.ts';
import type { SignIn, WireObject } from '../wire.ts';
import { bind } from './bind.ts';
import { type DocumentedCmdlet, readDocumented } from './documented.ts';
import { requestFor } from './request.ts';
import {
  commandNotFound,
  connectionLost,
  type HttpFacts,
  moduleError,
  type ShellError,
  tenantError,
} from './shell-error.ts';

export interface Output {
  readonly objects: readonly WireObject[];
  readonly warnings: readonly string[];
  readonly errors: readonly PowerShellError[];
}

interface Known {
  readonly name: string;
  readonly documented: DocumentedCmdlet;
}

interface Connection {
  readonly token: string;
  readonly id: string;
  /** The cmdlets there are while it lasts, each with its parameters, by their names in lower case. */
  readonly commands: ReadonlyMap<string, Known>;
  readonly appId: string;
  readonly organization: string;
  readonly isCertificate: boolean;
}

const NOTHING: Output = { objects: [], warnings: [], errors: [] };
const NOT_CONNECTED =
  'You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets.';

const signedIn = z.object({ token: z.string(), withheld: z.array(z.string()) });
const refused = z.object({ message: z.string() });
const value = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.string()),
  z.object({ $date: z.string() }),
  z.object({ $bytes: z.number(), text: z.string() }),
  z.object({ $long: z.string() }),
]);
const answer = z.object({
  objects: z.array(z.record(z.string(), value)),
  warnings: z.array(z.string()),
  errors: z.array(
    z.object({
      message: z.string(),
      reason: z.string(),
      category: z.string(),
      activity: z.string(),
      fullyQualifiedErrorId: z.string(),
    }),
  ),
});

/**
 * The ExchangeOnlineManagement module as the Node stand-in knows it: which commands there are at a
 * time, how they bind, and where they are sent.
 */
export class ExchangeModule {
  readonly #tenant: string;
  readonly #documented = readDocumented();
  #connection: Connection | undefined;

  /** `tenant`: base address of the simulated tenant. */
  constructor(tenant: string) {
    this.#tenant = tenant;
  }

  /** Runs one command. Throws `ShellError` for what ends it; rejects when `signal` aborts. */
  async run(command: string, parameters: Parameters, signal: AbortSignal): Promise<Output> {
    if (command === 'Get-Command') {
      return { ...NOTHING, objects: describeCommands(parameters['Name'], this.#connection) };
    }
    const { values, stopsAtError } = bind(command, this.#find(command), parameters);
    const output = await this.#perform(command, values, signal);
    const [first] = output.errors;
    return stopsAtError && first !== undefined
      ? { ...output, objects: [], errors: [first] }
      : output;
  }

  #find(command: string): DocumentedCmdlet {
    const connected = this.#connection?.commands.get(command.toLowerCase());
    const own = isAlwaysThere(command) ? this.#documented[command] : undefined;
    const found = connected?.documented ?? own;
    if (found === undefined) {
      throw commandNotFound(command);
    }
    return found;
  }

  async #perform(command: string, values: Parameters, signal: AbortSignal): Promise<Output> {
    switch (command) {
      case 'Connect-ExchangeOnline':
        return this.#connect(values, signal);
      case 'Disconnect-ExchangeOnline':
        return this.#disconnect(signal);
      case 'Get-ConnectionInformation':
        return {
          ...NOTHING,
          objects: this.#connection === undefined ? [] : [describe(this.#connection)],
        };
      default:
        return this.#forward(command, values, signal);
    }
  }

  async #connect(values: Parameters, signal: AbortSignal): Promise<Output> {
    const cmdlet = 'Connect-ExchangeOnline';
    const signIn = await signInOf(values);
    if (signIn === undefined) {
      throw moduleError(
        cmdlet,
        'No way to sign in without a person was given, and there is nobody to ask.',
      );
    }
    const response = await this.#post(cmdlet, '/connect', signIn, signal);
    const body: unknown = await response.json();
    if (!response.ok) {
      throw moduleError(cmdlet, refused.parse(body).message);
    }
    const names = values['CommandName'];
    const chosen = Array.isArray(names) ? names.map(String) : Object.keys(this.#documented);
    const { token, withheld } = signedIn.parse(body);
    this.#connection = {
      token,
      id: randomUUID(),
      commands: this.#granted(chosen, withheld),
      appId: signIn.appId ?? '',
      organization: signIn.organization ?? '',
      isCertificate: signIn.kind === 'certificate',
    };
    return NOTHING;
  }

  #granted(chosen: readonly string[], withheld: readonly string[]): ReadonlyMap<string, Known> {
    const known = chosen.flatMap((name) => {
      const documented = withheld.includes(name) ? undefined : this.#documented[name];
      return documented === undefined
        ? []
        : [{ name, documented: without(name, documented, withheld) }];
    });
    return new Map(known.map((one) => [one.name.toLowerCase(), one]));
  }

  async #disconnect(signal: AbortSignal): Promise<Output> {
    if (this.#connection !== undefined) {
      const response = await this.#post('Disconnect-ExchangeOnline', '/disconnect', {}, signal);
      await response.body?.cancel();
      this.#connection = undefined;
    }
    return NOTHING;
  }

  async #forward(cmdlet: string, parameters: Parameters, signal: AbortSignal): Promise<Output> {
    if (this.#connection === undefined) {
      throw moduleError(cmdlet, NOT_CONNECTED);
    }
    const response = await this.#post(cmdlet, '/cmdlet', requestFor(cmdlet, parameters), signal);
    const body: unknown = await response.json();
    if (response.status === 401) {
      throw moduleError(cmdlet, NOT_CONNECTED);
    }
    const { objects, warnings, errors } = answer.parse(body);
    const facts = response.ok ? {} : httpFacts(response);
    return { objects, warnings, errors: errors.map((one) => tenantError(one, facts)) };
  }

  async #post(cmdlet: string, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
    try {
      return await fetch(new URL(path, this.#tenant), {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(this.#connection === undefined
            ? {}
            : { Authorization: `Bearer ${this.#connection.token}` }),
        },
        body: JSON.stringify(body),
        signal,
      });
    } catch (error) {
      throw signal.aborted ? error : lost(cmdlet, error);
    }
  }
}

function lost(cmdlet: string, error: unknown): ShellError {
  const cause =
    error instanceof Error && error.cause instanceof Error ? error.cause.message : 'unknown';
  return connectionLost(cmdlet, cause);
}

function without(
  name: string,
  { sets, parameters }: DocumentedCmdlet,
  withheld: readonly string[],
): DocumentedCmdlet {
  const kept = Object.entries(parameters).filter(
    ([parameter]) => !withheld.includes(`${name} -${parameter}`),
  );
  return { sets, parameters: Object.fromEntries(kept) };
}

/** What `Get-Command -ErrorAction Ignore` says of the cmdlets that are there: names and syntax. */
function describeCommands(
  asked: ParameterValue | undefined,
  connection: Connection | undefined,
): readonly WireObject[] {
  const names = Array.isArray(asked) ? asked.map(String) : [String(asked)];
  return names.flatMap((one) => {
    const found = connection?.commands.get(one.toLowerCase());
    return found === undefined
      ? []
      : [{ Name: found.name, ParameterSets: syntaxOf(found.documented) }];
  });
}

function syntaxOf({ sets, parameters }: DocumentedCmdlet): readonly string[] {
  return sets.map((set) =>
    Object.entries(parameters)
      .filter(([, { sets: of }]) => of?.includes(set.name) ?? true)
      .map(([name, { type }]) => `[-${name} <${type}>]`)
      .join(' '),
  );
}

/** The connection cmdlets and the nine REST ones come with the module, not with the connection. */
function isAlwaysThere(command: string): boolean {
  return (
    /^Get-EXO/i.test(command) ||
    ['Connect-ExchangeOnline', 'Disconnect-ExchangeOnline', 'Get-ConnectionInformation'].includes(
      command,
    )
  );
}

async function signInOf(values: Parameters): Promise<SignIn | undefined> {
  const common = { appId: textOf(values['AppId']), organization: textOf(values['Organization']) };
  const { Certificate: certificate } = values;
  if (
    typeof certificate === 'object' &&
    '$type' in certificate &&
    certificate.$type === 'certificate'
  ) {
    const { pfx, password } = certificate;
    const { thumbprint } = await readCertificate(Buffer.from(pfx, 'base64'), password);
    return { kind: 'certificate', thumbprint, ...common };
  }
  if (values['CertificateFilePath'] !== undefined) {
    return { kind: 'certificate', ...common };
  }
  if (values['CertificateThumbprint'] !== undefined) {
    return { kind: 'certificate', thumbprint: textOf(values['CertificateThumbprint']), ...common };
  }
  if (values['ManagedIdentity'] === true) {
    return { kind: 'managed-identity', ...common };
  }
  return values['AccessToken'] === undefined ? undefined : { kind: 'access-token', ...common };
}

function textOf(one: unknown): string | undefined {
  return typeof one === 'string' ? one : undefined;
}

function httpFacts(response: Response): HttpFacts {
  const after = response.headers.get('retry-after');
  return {
    httpStatus: response.status,
    ...(after === null ? {} : { retryAfterSeconds: Number(after) }),
  };
}

/** Told from what the client remembers: it proves nothing about the service. */
function describe(connection: Connection): WireObject {
  return {
    ConnectionId: connection.id,
    State: 'Connected',
    TokenStatus: 'Active',
    CertificateAuthentication: connection.isCertificate,
    Organization: connection.organization,
    AppId: connection.appId,
    ModulePrefix: '',
    PageSize: 1_000,
  };
}
