/** Exchange says no. Forms and texts: see the table of refusals in the sandbox's README. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Full class name of the exception on the server. */
  readonly exception: string;
  /** The string id before the first bar; for some classes the server leaves it empty. */
  readonly stringId: string;

  constructor(stringId: string, exception: string, message: string) {
    super(message);
    this.stringId = stringId;
    this.exception = exception;
  }
}

const SERVER = 'DB6PR06A001DC06.EURPR06A001.prod.outlook.com';
const NOT_FOUND = 'Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException';

export function notFound(identity: string): Refusal {
  return new Refusal(
    'Ex6F9304',
    NOT_FOUND,
    `The operation couldn't be performed because object '${identity}' couldn't be found on '${SERVER}'.`,
  );
}

/** The same class as "not found": only the text tells them apart. */
export function ambiguous(identity: string): Refusal {
  return new Refusal(
    'Ex9E65A2',
    NOT_FOUND,
    `The operation couldn't be performed because '${identity}' matches multiple entries.`,
  );
}

export function notAMember(member: string, group: string): Refusal {
  return new Refusal(
    'Ex94914C',
    'Microsoft.Exchange.Management.Tasks.MemberNotFoundException',
    `The recipient "${member}" isn't a member of the group "${group}".`,
  );
}

export function aMemberAlready(member: string, group: string): Refusal {
  return new Refusal(
    '',
    'Microsoft.Exchange.Management.Tasks.MemberAlreadyExistsException',
    `The recipient "${member}" is already a member of the group "${group}".`,
  );
}

export function synchronised(cmdlet: string, object: string): Refusal {
  return new Refusal(
    '',
    'System.InvalidOperationException',
    `The operation on group "${object}" failed because it's out of the current user's write scope. ` +
      `The action '${cmdlet}', can't be performed on the object '${object}' because the object is being ` +
      'synchronized from your on-premises organization. This action should be performed on the object ' +
      'in your on-premises organization.',
  );
}

export function notTheManager(): Refusal {
  return new Refusal(
    '',
    'Microsoft.Exchange.Management.Tasks.OperationRequiresGroupManagerException',
    "You don't have sufficient permissions. This operation can only be performed by a manager of the group.",
  );
}

export function dynamicGroup(group: string): Refusal {
  return new Refusal(
    '',
    'Microsoft.Exchange.Management.Tasks.DynamicGroupMembershipChangeDeniedException',
    `Membership for this group is managed automatically: "${group}".`,
  );
}

export function notATrustee(user: string): Refusal {
  return new Refusal(
    '',
    'System.InvalidOperationException',
    `User or group "${user}" can't be given permissions: it has no security principal in this organization.`,
  );
}

/** What the session's non-interactive host says when a cmdlet wants to ask. */
export function wouldAsk(cmdlet: string): Refusal {
  return new Refusal(
    '',
    'System.Management.Automation.PSInvalidOperationException',
    'PowerShell is in NonInteractive mode. Read and Prompt functionality is not available. ' +
      `(${cmdlet} asks for confirmation.)`,
  );
}

export function invalidFilter(reason: string): Refusal {
  return new Refusal(
    '',
    'Microsoft.Exchange.Data.Directory.Recipient.ParsingException',
    `Invalid filter syntax. For a description of the filter parameter syntax see the command help. ${reason}`,
  );
}

export function invalidValue(parameter: string, value: string): Refusal {
  return new Refusal(
    '',
    'System.Management.Automation.ParameterBindingException',
    `Cannot process argument transformation on parameter '${parameter}'. Cannot convert value "${value}".`,
  );
}

/** Not Exchange's answer: better than doing half of what was asked. */
export function notImitated(what: string): Refusal {
  return new Refusal('', 'System.NotImplementedException', `The sandbox does not imitate ${what}.`);
}
