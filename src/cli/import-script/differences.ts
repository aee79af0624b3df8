import type { Script } from './read-script.ts';

/** What the script did, and what the service does instead. */
export interface Difference {
  readonly script: string;
  readonly service: string;
}

const ALWAYS: readonly Difference[] = [
  {
    script: 'ran when a scheduler started it, and connected to Exchange anew each time',
    service:
      'is called by the workflow itself and works at once, in a session that stays connected; a poll finds what was missed',
  },
  {
    script: 'fired the action once the commands were sent',
    service: 'reads back what it changed, and fires the action only if nothing required is left',
  },
  {
    script: 'left the run waiting after an error, and tried the next time it was started',
    service:
      'tries again by itself as often as limits.attempts says, then asks for a person (exo-bridge jobs list); what was done is on record',
  },
  {
    script:
      'took the certificate password as a parameter, and the Trelica credentials from a file of its module',
    service: 'takes both from the secrets folder, which only its own user may read',
  },
  {
    script: 'changed whatever object Exchange found for the address',
    service:
      'finds exactly one mailbox that has the address, and stops if there are none or several',
  },
];

const GROUPS: Difference = {
  script: 'read the members of every distribution group; a removal that failed was only printed',
  service:
    'asks once for the groups of the person; a removal that fails keeps the step waiting. Security groups stay, as before, unless leave-groups has securityGroups: true',
};

const CONVERSION: Difference = {
  script: 'made the mailbox shared first',
  service: 'makes it shared after rights and groups are done, and looks at its size before',
};

const DELEGATION: Difference = {
  script: 'gave the line manager access without looking who that is',
  service:
    'gives access to the line manager of the run only if Exchange has exactly this person, else reports a finding; more people: delegate-access › to',
};

/** Which operations the script's calls stand for. */
export function operationsOf(script: Script): readonly string[] {
  const { cmdlets, calls } = script;
  const isDelegating =
    cmdlets.has('Add-MailboxPermission') || cmdlets.has('Add-RecipientPermission');
  return [
    ...(isDelegating ? ['delegate-access'] : []),
    ...(cmdlets.has('Remove-DistributionGroupMember') ? ['leave-groups'] : []),
    ...(calls('Set-Mailbox', 'LitigationHoldEnabled') ? ['litigation-hold'] : []),
    ...(calls('Set-Mailbox', 'Type', 'Shared') ? ['convert-to-shared'] : []),
    ...(calls('Set-Mailbox', 'HiddenFromAddressListsEnabled') ? ['hide-from-address-lists'] : []),
  ];
}

/** Settings of the operations where the script did not do what is usual here. */
export function settingsOf({ cmdlets, calls }: Script): Record<string, Record<string, boolean>> {
  const fullAccess = cmdlets.has('Add-MailboxPermission');
  const sendAs = cmdlets.has('Add-RecipientPermission');
  if (!fullAccess && !sendAs) {
    return {};
  }
  // Exchange maps automatically unless it is told not to.
  const autoMapping = fullAccess && !calls('Add-MailboxPermission', 'AutoMapping', '\\$false');
  return { 'delegate-access': { fullAccess, autoMapping, sendAs } };
}

export function differencesOf(script: Script): readonly Difference[] {
  const operations = operationsOf(script);
  const { values } = script;
  return [
    ...ALWAYS,
    ...(operations.includes('delegate-access') ? [DELEGATION] : []),
    ...(operations.includes('leave-groups') ? [GROUPS] : []),
    ...(operations.includes('convert-to-shared') ? [CONVERSION] : []),
    ...(values.get('DRY_RUN') === true
      ? [
          {
            script: 'had $DRY_RUN = $true, and so changed and signalled nothing',
            service:
              'works as soon as it is started; what it would do is shown by exo-bridge plan, before',
          },
        ]
      : []),
    ...(values.get('DEBUG') === true
      ? [
          {
            script: 'had $DEBUG = $true, and so printed what Trelica answered, with personal data',
            service: 'never logs an answer; logLevel: debug tells each call',
          },
        ]
      : []),
  ];
}

/** Cmdlets that change something in Exchange and are not among what the operations do. */
export function notCarriedOver({ cmdlets, parametersOf }: Script): readonly string[] {
  const known = new Set([
    'Set-Mailbox',
    'Add-MailboxPermission',
    'Add-RecipientPermission',
    'Remove-DistributionGroupMember',
    'Disconnect-ExchangeOnline',
    'Connect-ExchangeOnline',
  ]);
  const others = [...cmdlets].filter(
    (name) =>
      /^(Set|Add|Remove|Enable|Disable|New|Clear|Update)-(?!Content|Location|Variable|Item|Object|Member|StrictMode|TimeSpan)/i.test(
        name,
      ) && !known.has(name),
  );
  const lost = parametersOf('Set-Mailbox').filter((name) => !SET_MAILBOX.test(name));
  return [...others, ...lost.map((name) => `Set-Mailbox -${name}`)];
}

/** Parameters of Set-Mailbox that an operation stands for, or that name the mailbox. */
const SET_MAILBOX =
  /^(Identity|Type|LitigationHold\w*|HiddenFromAddressListsEnabled|Confirm|ErrorAction|WarningAction|Force)$/i;
