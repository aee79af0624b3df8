import type { Call } from '../../src/cmdlets/call.ts';
import { type Identity, parseIdentity } from '../../src/cmdlets/identity.ts';
import { type EmailAddress, parseAddress } from '../../src/offboarding/address.ts';
import type { Applied, Cells, Exchange, Resolution } from '../../src/offboarding/ports.ts';

export const LEAVER = guid(1);
export const MANAGER = guid(2);
export const LIST = guid(11);
export const SECURITY_GROUP = guid(12);
export const SYNCED_LIST = guid(13);
export const TEAM = guid(14);

export function guid(number: number): Identity {
  return parseIdentity(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`);
}

export function address(text: string): EmailAddress {
  const parsed = parseAddress(text);
  if (parsed === undefined) {
    throw new Error(`no address: ${text}`);
  }
  return parsed;
}

/**
 * A tenant of one leaver, one manager and four groups, just enough for the domain's own tests: it
 * obeys the calls at once and lets a test break any of them.
 */
export class SmallTenant implements Exchange {
  type = 'UserMailbox';
  isSynchronised = false;
  inPlaceHolds: string[] = [];
  size: unknown = '1.2 GB (1,288,490,188 bytes)';
  softDeleted = false;
  /** Distinguished names. */
  readonly onBehalf = new Set<string>();
  readonly fullAccess = new Set<string>();
  readonly sendAs = new Set<string>();
  readonly members = new Set<string>([LIST, SECURITY_GROUP, SYNCED_LIST, TEAM]);
  readonly resolutions = new Map<string, Resolution>([
    ['lee@example.org', found(LEAVER, 'lee@example.org')],
    ['max@example.org', found(MANAGER, 'max@example.org')],
  ]);
  readonly applied: Call[] = [];
  calls = 0;
  /** Runs before each call; throws to break it. `apply` says whether the effect happens all the same. */
  beforeCall: (call: Call) => void = () => undefined;
  afterEffect: (call: Call) => void = () => undefined;

  async resolve(
    addresses: readonly EmailAddress[],
  ): Promise<ReadonlyMap<EmailAddress, Resolution>> {
    this.calls += 1;
    return new Map(
      addresses.map((one) => [one, this.resolutions.get(one) ?? { kind: 'missing' }] as const),
    );
  }

  async read(call: Call): Promise<readonly Cells[]> {
    this.calls += 1;
    this.beforeCall(call);
    return this.#answer(call);
  }

  async apply(call: Call): Promise<Applied> {
    this.calls += 1;
    this.beforeCall(call);
    this.applied.push(call);
    this.#obey(call);
    this.afterEffect(call);
    return { kind: 'done' };
  }

  #answer({ cmdlet, parameters }: Call): readonly Cells[] {
    switch (cmdlet) {
      case 'Get-Mailbox':
        if (parameters['SoftDeletedMailbox'] === true) {
          return this.softDeleted ? [{ Guid: LEAVER }] : [];
        }
        if (parameters['Filter'] !== undefined) {
          const asked = [...this.onBehalf].some((one) =>
            String(parameters['Filter']).includes(one),
          );
          return asked ? [{ Guid: LEAVER }] : [];
        }
        return [
          {
            Guid: LEAVER,
            DistinguishedName: "CN=Lee O'Neil,OU=example",
            PrimarySmtpAddress: 'lee@example.org',
            DisplayName: "Lee O'Neil",
            RecipientTypeDetails: this.type,
            IsDirSynced: this.isSynchronised,
            HiddenFromAddressListsEnabled: false,
            DeliverToMailboxAndForward: false,
            LitigationHoldEnabled: false,
            InPlaceHolds: this.inPlaceHolds,
            ArchiveStatus: 'None',
            MessageCopyForSentAsEnabled: false,
            MessageCopyForSendOnBehalfEnabled: false,
          },
        ];
      case 'Get-MailboxStatistics':
        return [{ TotalItemSize: this.size }];
      case 'Get-AcceptedDomain':
        return [{ DomainName: 'example.org' }];
      case 'Get-MailboxPermission':
        return this.fullAccess.has(String(parameters['User']))
          ? [{ User: 'Max', AccessRights: ['FullAccess'], IsInherited: false, Deny: false }]
          : [];
      case 'Get-RecipientPermission':
        return this.sendAs.has(String(parameters['Trustee']))
          ? [{ Trustee: 'Max', AccessRights: ['SendAs'], AccessControlType: 'Allow' }]
          : [];
      case 'Get-Recipient':
        return GROUPS.filter((group) => this.members.has(group.Guid));
      default:
        throw new Error(`the small tenant can't answer ${cmdlet}`);
    }
  }

  #obey({ cmdlet, parameters }: Call): void {
    switch (cmdlet) {
      case 'Set-Mailbox':
        this.#set(parameters);
        return;
      case 'Remove-MailboxPermission':
        this.fullAccess.delete(String(parameters['User']));
        return;
      case 'Remove-RecipientPermission':
        this.sendAs.delete(String(parameters['Trustee']));
        return;
      case 'Add-DistributionGroupMember':
        this.members.add(String(parameters['Identity']));
        return;
      case 'Add-MailboxPermission':
        this.fullAccess.add(String(parameters['User']));
        return;
      case 'Add-RecipientPermission':
        this.sendAs.add(String(parameters['Trustee']));
        return;
      case 'Remove-DistributionGroupMember':
        this.members.delete(String(parameters['Identity']));
        return;
      default:
        throw new Error(`the small tenant can't obey ${cmdlet}`);
    }
  }

  #set({ Type: type, GrantSendOnBehalfTo: change }: Call['parameters']): void {
    if (type !== undefined) {
      this.type = type === 'Shared' ? 'SharedMailbox' : 'UserMailbox';
    }
    if (typeof change === 'object' && 'add' in change) {
      for (const guid of change.add) {
        this.onBehalf.add(distinguishedName(guid));
      }
      for (const guid of change.remove) {
        this.onBehalf.delete(distinguishedName(guid));
      }
    }
  }
}

function distinguishedName(id: string): string {
  return `CN=${id},OU=example`;
}

export function found(id: Identity, mail: string, type = 'UserMailbox'): Resolution {
  return {
    kind: 'found',
    recipient: {
      guid: id,
      distinguishedName: distinguishedName(id),
      address: address(mail),
      addresses: [mail],
      displayName: mail,
      type,
    },
  };
}

const GROUPS = [
  group(LIST, 'Buyers', 'MailUniversalDistributionGroup', false),
  group(SECURITY_GROUP, 'Vault', 'MailUniversalSecurityGroup', false),
  group(SYNCED_LIST, 'Old list', 'MailUniversalDistributionGroup', true),
  group(TEAM, 'Team', 'GroupMailbox', false),
];

function group(id: Identity, name: string, type: string, isSynchronised: boolean) {
  return {
    Guid: id,
    DisplayName: name,
    PrimarySmtpAddress: `${name.toLowerCase().replace(' ', '-')}@example.org`,
    RecipientTypeDetails: type,
    IsDirSynced: isSynchronised,
  };
}
