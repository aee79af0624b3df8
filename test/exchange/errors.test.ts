import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alreadyWarning,
  classify,
  type ErrorClass,
  failureOf,
  wordsOf,
} from '../../src/exchange/errors.ts';
import type { PowerShellError } from '../../src/powershell/frames.ts';

function error(part: Partial<PowerShellError>): PowerShellError {
  return {
    message: '',
    exceptionType: 'System.Exception',
    innerTypes: [],
    fullyQualifiedErrorId: '[Server=AM6PR06MB5795,RequestId=7f6f1111-2222-3333],Write-ErrorMessage',
    category: 'NotSpecified',
    reason: 'Exception',
    activity: 'Set-Mailbox',
    targetName: '',
    ...part,
  };
}

const NOT_FOUND = 'Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException';

const ROWS: readonly [string, Partial<PowerShellError>, ErrorClass][] = [
  [
    'not found',
    {
      message: `Ex6F9304|${NOT_FOUND}|The operation couldn't be performed because object 'x' couldn't be found on 'DB6PR06A001DC06.EURPR06A001.prod.outlook.com'.`,
      reason: 'ManagementObjectNotFoundException',
    },
    'exchange.not-found',
  ],
  [
    'ambiguous, with the class of not found',
    {
      message: `Ex9E65A2|${NOT_FOUND}|The operation couldn't be performed because 'Finance' matches multiple entries.`,
      reason: 'ManagementObjectNotFoundException',
    },
    'exchange.ambiguous',
  ],
  [
    'not a member any more',
    {
      message:
        "Ex1|Microsoft.Exchange.Management.Tasks.MemberNotFoundException|The recipient isn't a member of the group.",
    },
    'already',
  ],
  [
    'a member already',
    { message: '|Microsoft.Exchange.Management.Tasks.MemberAlreadyExistsException|It is.' },
    'already',
  ],
  ['a right already gone', { message: "... because the ACE isn't present." }, 'already'],
  [
    'mastered on-premises',
    {
      message:
        "|System.InvalidOperationException|The operation on mailbox 'x' failed because it's out of the current user's write scope. The action 'Set-Mailbox' can't be performed on the object 'x' because the object is being synchronized from your on-premises organization.",
    },
    'exchange.synchronised',
  ],
  [
    'outside the write scope',
    { message: "it's out of the current user's write scope. Other reason." },
    'exchange.access-denied',
  ],
  [
    'not the manager of the group',
    {
      message:
        "You don't have sufficient permissions. This operation can only be performed by a manager of the group.",
    },
    'exchange.access-denied',
  ],
  [
    'a dynamic group',
    { reason: 'DynamicGroupMembershipChangeDeniedException' },
    'exchange.unsupported',
  ],
  ['the last owner', { reason: 'MinGroupOwnersCriteriaBreachedException' }, 'exchange.unsupported'],
  [
    'a cmdlet that is missing, or went with the connection',
    {
      message: "The term 'Set-Mailbox' is not recognized",
      fullyQualifiedErrorId: 'CommandNotFoundException',
    },
    'exchange.session-gone',
  ],
  [
    'a role that misses the parameter',
    { fullyQualifiedErrorId: 'NamedParameterNotFound,Set-Mailbox' },
    'exchange.access-denied',
  ],
  [
    'a role that is refused by the directory',
    { message: 'Insufficient access rights to perform the operation. INSUFF_ACCESS_RIGHTS' },
    'exchange.access-denied',
  ],
  [
    'app-only sign-in not supported, although it says try again later',
    { message: 'Failed to retrieve executing user. Please try again later.' },
    'exchange.unsupported',
  ],
  [
    'the same for Microsoft 365 groups',
    { message: 'We failed to update the unified group. Please try again later.' },
    'exchange.unsupported',
  ],
  ['throttled, by status', { httpStatus: 429 }, 'exchange.throttled'],
  [
    'a directory server that is away, in the words of not found',
    {
      message:
        "|Microsoft.Exchange.ADTransientException|The domain controller couldn't be found on 'x'",
    },
    'exchange.server-trouble',
  ],
  [
    'a filter that cannot be parsed',
    { message: '|Microsoft.Exchange.ParsingException|Invalid filter syntax.' },
    'exchange.invalid-request',
  ],
  ['an app that may not', { httpStatus: 403 }, 'exchange.access-denied'],
  [
    'a name that does not resolve',
    { message: 'Name or service not known' },
    'exchange.server-trouble',
  ],
  ['throttled, by text', { message: 'Too Many Requests' }, 'exchange.throttled'],
  [
    'server trouble, by text',
    {
      message:
        'A server side error has occurred because of which the operation could not be completed. Please try again after some time.',
    },
    'exchange.server-trouble',
  ],
  ['server trouble, by status', { httpStatus: 503 }, 'exchange.server-trouble'],
  ['server trouble, by class', { reason: 'ADTransientException' }, 'exchange.server-trouble'],
  [
    'server trouble, after the module gave up',
    { message: 'Maximum retry count reached. The remote server returned an error.' },
    'exchange.server-trouble',
  ],
  [
    'a REST query that failed',
    { message: 'Error while querying REST service. HttpStatusCode=500 ErrorMessage={}' },
    'exchange.server-trouble',
  ],
  [
    'a network failure',
    { exceptionType: 'System.Net.Http.HttpRequestException' },
    'exchange.server-trouble',
  ],
  [
    'a connection that is gone',
    {
      message: 'You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets.',
    },
    'exchange.session-gone',
  ],
  [
    'a module that cannot be formed',
    { message: 'Module could not be correctly formed. Please run Connect-ExchangeOnline again.' },
    'exchange.session-gone',
  ],
  [
    'an unknown certificate',
    { message: 'AADSTS700027: Client assertion contains an invalid signature.' },
    'exchange.sign-in-refused',
  ],
  [
    'an app without a role',
    { message: "The role assigned to application 1 isn't supported in this scenario." },
    'exchange.sign-in-refused',
  ],
  [
    'a value of the wrong type',
    { reason: 'ParameterBindingException' },
    'exchange.invalid-request',
  ],
  [
    'a delegate outside the accepted domains',
    { message: "|Microsoft.Exchange.NotAcceptedDomainException|You can't use the domain" },
    'exchange.invalid-request',
  ],
  [
    'a property that cannot be filtered',
    { message: "'X' is not a recognized filterable property." },
    'exchange.invalid-request',
  ],
  ['a full mailbox', { reason: 'QuotaExceededException' }, 'exchange.quota'],
  [
    'an object that Couldn’t be found, in other words',
    { message: "Couldn't find object 'x'. Please make sure that it was spelled correctly." },
    'exchange.not-found',
  ],
  ['an object the directory misses', { reason: 'ADNoSuchObjectException' }, 'exchange.not-found'],
  [
    'a folder permission that is there already',
    {
      message:
        '|Microsoft.Exchange.Management.StoreTasks.UserAlreadyExistsInPermissionEntryException|An existing permission entry was found for user: Max.',
    },
    'already',
  ],
  [
    'a folder permission that is gone already',
    { reason: 'UserNotFoundInPermissionEntryException' },
    'already',
  ],
  [
    'Full Access that is gone already',
    { message: "… because the ACE doesn't exist on the object." },
    'already',
  ],
  [
    'a dynamic group, by text',
    { message: '|System.Exception|Membership for this group is managed automatically.' },
    'exchange.unsupported',
  ],
  [
    'owners who must stay',
    { reason: 'GroupOwnersCannotBeRemovedException' },
    'exchange.unsupported',
  ],
  [
    'a role that misses the parameter, by text',
    { message: "A parameter cannot be found that matches parameter name 'Type'." },
    'exchange.access-denied',
  ],
  [
    'a user who may not call the cmdlet',
    { message: 'User is not allowed to call Set-Mailbox', httpStatus: 401 },
    'exchange.access-denied',
  ],
  [
    'a parameter outside the role',
    { message: "The parameter 'x' is not present in the role definition of the current user." },
    'exchange.access-denied',
  ],
  ['an app without any role, at connecting', { message: 'UnAuthorized' }, 'exchange.access-denied'],
  ['throttled, by class', { reason: 'OverBudgetException' }, 'exchange.throttled'],
  ...[
    'ADServerSettingsChangedException',
    'StorageTransientException',
    'DCOverloadedException',
    'SuitabilityDirectoryException',
    'ServerInMMException',
  ].map((reason): [string, Partial<PowerShellError>, ErrorClass] => [
    `a server that says ${reason}`,
    { reason },
    'exchange.server-trouble',
  ]),
  [
    'a directory that cannot be reached',
    { message: 'The LDAP server is unavailable.' },
    'exchange.server-trouble',
  ],
  ['a gateway that waited too long', { httpStatus: 504 }, 'exchange.server-trouble'],
  [
    'a connection that must be made again',
    {
      message:
        'Required resource is not available to continue execution. Please re-establish the connection to continue.',
    },
    'exchange.session-gone',
  ],
  ...['1000502', '700024', '700016', '900023', '65001', '53003', '500014'].map(
    (code): [string, Partial<PowerShellError>, ErrorClass] => [
      `an app that Entra refuses with AADSTS${code}`,
      { message: `AADSTS${code}: refused.` },
      'exchange.sign-in-refused',
    ],
  ),
  [
    'a filter that cannot be read',
    { message: 'Invalid filter syntax. For a description see the command help.' },
    'exchange.invalid-request',
  ],
  ['too many addresses', { message: 'The object has too many proxy addresses.' }, 'exchange.quota'],
  [
    'an address in use',
    { message: 'The proxy address "SMTP:x" is already being used by y.' },
    'exchange.quota',
  ],
  [
    'an object that does not exist',
    { message: "Ex41BAF5||The specified mailbox Identity: object 'x' doesn't exist." },
    'exchange.not-found',
  ],
  ['a server that has an error', { httpStatus: 500 }, 'exchange.server-trouble'],
  ['a gateway that has nobody behind it', { httpStatus: 502 }, 'exchange.server-trouble'],
  ['a server that is busy', { reason: 'ServerBusyException' }, 'exchange.server-trouble'],
  [
    'a connection that breaks',
    { message: 'The connection was reset by the remote host.' },
    'exchange.server-trouble',
  ],
  [
    'a name server that does not answer',
    { exceptionType: 'X', innerTypes: ['System.Net.Sockets.SocketException'] },
    'exchange.server-trouble',
  ],
  [
    'a call that took too long',
    { message: 'The operation has timed out.' },
    'exchange.server-trouble',
  ],
  [
    'a request that took too long',
    {
      message: 'The request was canceled due to the configured HttpClient.Timeout of 960 seconds.',
    },
    'exchange.server-trouble',
  ],
  [
    'a REST request that failed without a word',
    { message: 'An error occurred while processing this request.' },
    'exchange.server-trouble',
  ],
  [
    'a REST query that was throttled',
    { message: 'Error while querying REST service. HttpStatusCode=429 ErrorMessage={}' },
    'exchange.throttled',
  ],
  [
    'a delay as an error',
    { message: 'Micro delay applied. Actual delayed: 21550 msecs.' },
    'exchange.throttled',
  ],
  ['a budget used up', { message: 'The user has exceeded the budget of x.' }, 'exchange.throttled'],
  ['a sign-in that is not taken', { httpStatus: 401 }, 'exchange.access-denied'],
  [
    'an app-only refusal that comes with the class of a task',
    {
      message:
        '|Microsoft.Exchange.Configuration.Tasks.RecipientTaskException|Failed to retrieve executing user. Please try again later.',
      reason: 'RecipientTaskException',
    },
    'exchange.unsupported',
  ],
  ['anything else', { message: 'Something new.' }, 'exchange.unclassified'],
];

for (const [name, part, means] of ROWS) {
  test(`${name} means ${means}`, () => {
    assert.equal(classify(error(part)), means);
  });
}

const WARNINGS: readonly string[] = [
  'WARNING: The appropriate access control entry is already present on the object "CN=x" for account "y".',
  "The command completed successfully but no settings of 'x' have been modified.",
  "Cannot remove the ACE on the object because the ACE doesn't exist on the object.",
  "Can't remove the access control entry on the object for account 'y' because the ACE isn't present.",
];
for (const warning of WARNINGS) {
  test(`the warning "${warning.slice(0, 50)}…" means that it was so before`, () => {
    assert.equal(alreadyWarning(['something else', warning]), warning);
  });
}

test('an error is told in the words of the server, without the name of the server', () => {
  assert.deepEqual(wordsOf({ message: ROWS[0]?.[1].message ?? '' }), {
    type: NOT_FOUND,
    message: "The operation couldn't be performed because object 'x' couldn't be found.",
  });
  assert.equal(wordsOf({ message: 'a | b | c' }).message, 'c');
  assert.equal(wordsOf({ message: 'no bars' }).message, 'no bars');
});

test('the request id is a fact, the wait is kept', () => {
  const made = failureOf(
    'Set-Mailbox',
    error({ httpStatus: 429, retryAfterSeconds: 7 }),
    'exchange.throttled',
  );
  assert.equal(made.facts['requestId'], '7f6f1111-2222-3333');
  assert.equal(made.retryAfterMs, 7_000);
});
