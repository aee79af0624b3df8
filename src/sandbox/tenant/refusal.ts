/** Exchange says no. Where the forms and texts come from: the sandbox's README. */
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
const TASKS = 'Microsoft.Exchange.Configuration.Tasks';
const MANAGEMENT = 'Microsoft.Exchange.Management.Tasks';
const STORAGE = 'Microsoft.Exchange.Data.Storage';
const NOT_FOUND = `${TASKS}.ManagementObjectNotFoundException`;

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
    `${MANAGEMENT}.MemberNotFoundException`,
    `The recipient "${member}" isn't a member of the group "${group}".`,
  );
}

export function aMemberAlready(member: string, group: string): Refusal {
  return new Refusal(
    '',
    `${MANAGEMENT}.MemberAlreadyExistsException`,
    `The recipient "${member}" is already a member of the group "${group}".`,
  );
}

/** `action`: the cmdlet, and the property where only that one is mastered elsewhere. */
export function synchronised(what: 'group' | 'mailbox', action: string, object: string): Refusal {
  return new Refusal(
    '',
    'System.InvalidOperationException',
    `The operation on ${what} "${object}" failed because it's out of the current user's write scope. ` +
      `The action '${action}', can't be performed on the object '${object}' because the object is being ` +
      'synchronized from your on-premises organization. This action should be performed on the object ' +
      'in your on-premises organization.',
  );
}

export function notTheManager(): Refusal {
  return new Refusal(
    '',
    `${MANAGEMENT}.OperationRequiresGroupManagerException`,
    "You don't have sufficient permissions. This operation can only be performed by a manager of the group.",
  );
}

export function noOwnerLeft(group: string): Refusal {
  return new Refusal(
    '',
    `${MANAGEMENT}.MinGroupOwnersCriteriaBreachedException`,
    `The group "${group}" must have at least one owner. Add another owner before you remove this one.`,
  );
}

export function dynamicGroup(group: string): Refusal {
  return new Refusal(
    '',
    `${MANAGEMENT}.DynamicGroupMembershipChangeDeniedException`,
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

export function notAcceptedDomain(address: string): Refusal {
  return new Refusal(
    '',
    'Microsoft.Exchange.Data.Directory.NotAcceptedDomainException',
    `You can't use the domain because it's not an accepted domain for your organization: "${address}".`,
  );
}

export function notLicensed(feature: string, mailbox: string): Refusal {
  return new Refusal(
    '',
    `${TASKS}.RecipientTaskException`,
    `${feature} isn't available for the mailbox "${mailbox}" because it has no licence that includes it.`,
  );
}

export function archiveAlready(mailbox: string): Refusal {
  return new Refusal(
    '',
    `${TASKS}.RecipientTaskException`,
    `The mailbox "${mailbox}" already has an archive.`,
  );
}

export function noArchive(mailbox: string): Refusal {
  return new Refusal(
    '',
    `${TASKS}.RecipientTaskException`,
    `The mailbox "${mailbox}" doesn't have an archive.`,
  );
}

export function mailboxFull(mailbox: string): Refusal {
  return new Refusal(
    '',
    `${STORAGE}.QuotaExceededException`,
    `The mailbox "${mailbox}" is over its quota: the settings can't be saved.`,
  );
}

export function incompleteAutoReply(missing: string): Refusal {
  return new Refusal('', `${STORAGE}.InvalidUserOofSettings`, `Automatic replies need ${missing}.`);
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
