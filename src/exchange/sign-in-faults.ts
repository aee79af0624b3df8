import { ServiceError } from '../errors.ts';
import type { PowerShellError } from '../powershell/frames.ts';
import { classify, failureOf, wordsOf } from './errors.ts';

/** A fault of connecting that no other attempt cures: somebody has to set something right first. */
export function isFinal(error: Error): boolean {
  return error instanceof ServiceError && FINAL.has(error.code);
}

const FINAL: ReadonlySet<string> = new Set([
  'exchange.sign-in-refused',
  'exchange.module-missing',
  'exchange.module-unsuitable',
  'powershell.not-installed',
  'certificate.unreadable',
  'certificate.no-key',
  'certificate.expired',
]);

/** A refusal while connecting keeps every job waiting: it is told with its cause and its cure. */
export function refusal(cmdlet: string, error: PowerShellError): ServiceError {
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
    { facts: { cmdlet, reason: error.reason, aadsts, cure } },
  );
}

/** The sign-in did not end: a module that finds no other way asks a person, and there is none. */
export function waitedForPerson(timeoutMs: number, cause: unknown): ServiceError {
  return new ServiceError(
    'exchange.sign-in-refused',
    `no connection within ${timeoutMs} ms: the module may be waiting for somebody to sign in; ` +
      'check certificate, exchange.appId and exchange.organization',
    { cause },
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
  if (/NonInteractive|prompts? the user|user interaction/i.test(message)) {
    return 'the module wanted somebody to sign in: check certificate, exchange.appId and exchange.organization';
  }
  return id.startsWith('CommandNotFoundException') && cmdlet !== 'Connect-ExchangeOnline'
    ? `the app was not granted ${cmdlet}: assign the roles that exo-bridge permissions names`
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
