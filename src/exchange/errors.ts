import { type ErrorCode, ServiceError } from '../errors.ts';
import type { PowerShellError } from '../powershell/frames.ts';

/** What an error of a cmdlet means; `already` is no failure. */
export type ErrorClass = Extract<ErrorCode, `exchange.${string}`> | 'already';

interface Rule {
  readonly means: ErrorClass;
  /** Class name in the message, in the category or along the exceptions. */
  readonly type?: RegExp;
  readonly text?: RegExp;
  readonly id?: RegExp;
  readonly status?: readonly number[];
}

/**
 * The first rule of which every part fits decides, so the order matters: an ambiguous name comes with
 * the class of "not found", and some final refusals ask to try again later. Sources: the error tables
 * of learn.microsoft.com/exchange/troubleshoot, and reports of administrators where it has none.
 */
const RULES: readonly Rule[] = [
  { means: 'exchange.ambiguous', text: /matches multiple entries/i },
  { means: 'already', type: /MemberNotFoundException|UserNotFoundInPermissionEntryException/ },
  {
    means: 'already',
    type: /MemberAlreadyExistsException|UserAlreadyExistsInPermissionEntryException/,
  },
  { means: 'already', text: /because the ACE (isn't|doesn't|is not|does not)/i },
  {
    means: 'exchange.synchronised',
    text: /being synchronized from your on-premises organization/i,
  },
  { means: 'exchange.access-denied', text: /out of the current user's write scope/i },
  {
    means: 'exchange.access-denied',
    text: /don't have sufficient permissions|can only be performed by a manager of the group/i,
  },
  {
    means: 'exchange.unsupported',
    type: /DynamicGroupMembershipChangeDeniedException/,
  },
  { means: 'exchange.unsupported', text: /Membership for this group is managed automatically/i },
  {
    means: 'exchange.unsupported',
    type: /MinGroupOwnersCriteriaBreachedException|GroupOwnersCannotBeRemovedException/,
  },
  // These say "please try again later" and mean never: app-only sign-in is not supported there.
  {
    means: 'exchange.unsupported',
    text: /Failed to retrieve executing user|failed to update the unified group/i,
  },
  {
    means: 'exchange.sign-in-refused',
    text: /AADSTS\d{5,7}|role assigned to application .* isn't supported/i,
  },
  {
    means: 'exchange.session-gone',
    text: /must call the Connect-ExchangeOnline cmdlet|re-establish the connection|Module could not be correctly formed/i,
  },
  {
    means: 'exchange.access-denied',
    text: /is not allowed to call|not present in the role definition|INSUFF_ACCESS_RIGHTS|Insufficient access rights/i,
  },
  // The connection's cmdlets are generated from the app's roles. A parameter that is missing was not
  // granted; a cmdlet that is missing may also have gone with the connection: see connected-call.ts.
  { means: 'exchange.access-denied', id: /^CmdletNotGranted/ },
  { means: 'exchange.access-denied', id: /^NamedParameterNotFound/ },
  { means: 'exchange.access-denied', text: /A parameter cannot be found that matches/i },
  { means: 'exchange.session-gone', id: /^CommandNotFoundException/ },
  { means: 'exchange.session-gone', text: /The term '.*' is not recognized/i },
  // Before "not found": a directory server that is not there says so in the same words.
  { means: 'exchange.throttled', status: [429] },
  {
    means: 'exchange.throttled',
    text: /Too Many Requests|micro delay|exceeded .* budget|HttpStatusCode=429/i,
  },
  { means: 'exchange.throttled', type: /OverBudgetException/ },
  { means: 'exchange.server-trouble', status: [500, 502, 503, 504] },
  {
    means: 'exchange.server-trouble',
    type: /ADTransientException|ADServerSettingsChangedException|StorageTransientException|DCOverloadedException|SuitabilityDirectoryException|ServerInMMException|ServerBusyException/,
  },
  { means: 'exchange.access-denied', status: [401, 403] },
  { means: 'exchange.access-denied', text: /\bUnAuthorized\b/i },
  {
    means: 'exchange.not-found',
    type: /ManagementObjectNotFoundException|ADNoSuchObjectException/,
  },
  {
    means: 'exchange.not-found',
    text: /couldn['’]t be found on|Couldn['’]t find object|object .* doesn['’]t exist/i,
  },
  {
    means: 'exchange.invalid-request',
    type: /ParameterBinding|NotAcceptedDomainException|ParsingException/,
  },
  {
    means: 'exchange.invalid-request',
    text: /not a recognized filterable property|invalid filter syntax/i,
  },
  { means: 'exchange.quota', type: /QuotaExceededException/ },
  {
    means: 'exchange.quota',
    text: /too many proxy addresses|proxy address .* already being used/i,
  },
  {
    means: 'exchange.server-trouble',
    text: /server side error has occurred|Maximum retry count reached|LDAP server is unavailable|error occurred while processing this request|HttpStatusCode=5\d\d|connection (was )?(reset|refused)|No such host|Name or service not known|operation (has )?timed out|HttpClient\.Timeout/i,
  },
  { means: 'exchange.server-trouble', type: /HttpRequestException|SocketException/ },
];

/** The error id of a cmdlet that a living connection does not have. */
export const NOT_GRANTED = 'CmdletNotGranted';

/** PowerShell itself knows no command of this name. */
export function isUnknownCommand(error: PowerShellError, command: string): boolean {
  return (
    /^CommandNotFoundException/.test(error.fullyQualifiedErrorId) &&
    error.message.includes(`'${command}'`)
  );
}

/** Warnings by which Exchange says that it was so before. */
const ALREADY_WARNINGS: readonly RegExp[] = [
  /access control entry is already present/i,
  /no settings of .* have been modified/i,
  /because the ACE (isn't|doesn't|is not|does not)/i,
];

/** The class of a cmdlet's error, from class names first, text last. */
export function classify(error: PowerShellError): ErrorClass {
  const types = [error.exceptionType, ...error.innerTypes, error.reason, wordsOf(error).type];
  const rule = RULES.find(
    ({ type, text, id, status }) =>
      (type === undefined || types.some((name) => type.test(name))) &&
      (text === undefined || text.test(`${error.message}\n${error.details ?? ''}`)) &&
      (id === undefined || id.test(error.fullyQualifiedErrorId)) &&
      (status === undefined || status.includes(error.httpStatus ?? 0)),
  );
  return rule?.means ?? 'exchange.unclassified';
}

/** The warning that says "already so", if one of them does. */
export function alreadyWarning(warnings: readonly string[]): string | undefined {
  return warnings.find((warning) => ALREADY_WARNINGS.some((pattern) => pattern.test(warning)));
}

/**
 * A cmdlet's error as one of ours. The message is the server's own words without the server's name; the
 * request id, which support asks for, is a fact.
 */
export function failureOf(
  cmdlet: string,
  error: PowerShellError,
  means: Extract<ErrorCode, `exchange.${string}`>,
): ServiceError {
  const requestId = /RequestId=([0-9a-f-]+)/i.exec(error.fullyQualifiedErrorId)?.[1];
  const retryAfterMs = retryAfterMsOf(error);
  return new ServiceError(means, wordsOf(error).message, {
    facts: {
      cmdlet,
      reason: error.reason,
      ...(requestId === undefined ? {} : { requestId }),
      ...(error.httpStatus === undefined ? {} : { httpStatus: error.httpStatus }),
    },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** How long the server asks to be spared; undefined if it does not say. */
export function retryAfterMsOf({
  retryAfterSeconds: seconds,
}: PowerShellError): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

/** The text of a REST error is `stringId|full class name|message`; the first two may be empty. */
export function wordsOf(error: Pick<PowerShellError, 'message'>): {
  readonly type: string;
  readonly message: string;
} {
  const [, type, ...rest] = error.message.split('|');
  const isThreefold = type !== undefined && rest.length > 0 && /^\s*[\w.`+[\]]*\s*$/.test(type);
  const text = isThreefold ? rest.join('|').trim() : '';
  const message = text === '' ? error.message : text;
  return {
    type: isThreefold ? type.trim() : '',
    message: message
      .replace(/ on '?[\w.-]+\.(?:outlook|prod)\.[\w.-]*\w'?/gi, '')
      .trim()
      .slice(0, 1_000),
  };
}
