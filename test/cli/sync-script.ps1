<#
  A script of our own with the variables of the vendor's sample, for the import.
  $ORG = "not-this-one.example"
#>
param([securestring] $CertificatePassword)

# $APPID = "not this one either"
$DRY_RUN = $true   # nothing is changed yet
$DEBUG = $false
$CERT_PATH = "$HOME/certificates/leavers.pfx"
$ORG = "contoso.onmicrosoft.com"
$APPID = '11111111-2222-4333-8444-555555555555'
$DEPROVISIONING_WORKFLOW_LIST = @(
    "Person leaves", # staff
    'Contractor''s last day'
)
$STEP_NAME = "Exchange `"Online`" #1"
$ACTION_NAME = "Continue"

function Stop-Leaver([string] $Address, [string] $Manager) {
    if ($DRY_RUN) { return }
    Set-Mailbox $Address -Type Shared -ForwardingAddress $Manager
    Add-MailboxPermission -Identity $Address -User $Manager -AccessRights FullAccess
    Set-MailboxAutoReplyConfiguration -Identity $Address -AutoReplyState Enabled
    Get-DistributionGroup | ForEach-Object { Remove-DistributionGroupMember -Identity $_.Guid -Member $Address }
}
