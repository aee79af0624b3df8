import type { RoleWithReasons } from './roles.ts';

export interface RoleGroup {
  readonly name: string;
  readonly organization: string;
  readonly appId: string;
  /** Of the enterprise application, not of the app registration; undefined lets the script ask. */
  readonly objectId: string | undefined;
  readonly roles: readonly RoleWithReasons[];
}

/**
 * A PowerShell script that gives the app a role group of its own
 * (https://learn.microsoft.com/powershell/exchange/app-only-auth-powershell-v2). For a person to read and run.
 */
export function roleGroupScript({ name, organization, appId, objectId, roles }: RoleGroup): string {
  const given = objectId === undefined ? '' : ` = ${quoted(objectId)}`;
  const mandatory = objectId === undefined ? '[Parameter(Mandatory)] ' : '';
  const last = roles.length - 1;
  return `# Gives one app a role group of its own, with only the roles that its operations need.
# To be run once by somebody who holds Organization Management.
#Requires -Modules ExchangeOnlineManagement
param(
    # Entra admin center > Enterprise applications > the app > Object ID. Not the one of the app registration.
    ${mandatory}[guid] $ObjectId${given}
)
$ErrorActionPreference = 'Stop'

$name = ${quoted(name)}
$appId = ${quoted(appId)}
$roles = @(
${roles.map(({ role, reasons }, at) => `    # ${reasons.map(oneLine).join('; ')}\n    ${quoted(role)}${at === last ? '' : ','}`).join('\n')}
)

Connect-ExchangeOnline -Organization ${quoted(organization)} -ShowBanner:$false
New-ServicePrincipal -AppId $appId -ObjectId $ObjectId -DisplayName $name
New-RoleGroup -Name $name -Roles $roles -Description 'What exo-bridge needs for its operations'
Add-RoleGroupMember -Identity $name -Member (Get-ServicePrincipal -Identity $name).Identity
Disconnect-ExchangeOnline -Confirm:$false
`;
}

/** PowerShell takes the typographic quotes for the plain one, too. */
function quoted(text: string): string {
  return `'${oneLine(text).replaceAll(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\u2028\u2029]+/gu, ' ');
}
