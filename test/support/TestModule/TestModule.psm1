# Commands for the worker's contract suite; needs nothing but the engine.

function Get-Echo {
    [CmdletBinding()]
    param([string] $Text, [string[]] $List, [bool] $Flag, [switch] $Switch, [object] $Any)

    return [pscustomobject]@{ Text = $Text; List = $List; Flag = $Flag; Switch = [bool] $Switch; Any = $Any; Hidden = 'not asked for' }
}

function Get-Row {
    [CmdletBinding()]
    param([int] $Count)

    for ($number = 0; $number -lt $Count; $number++) {
        [pscustomobject]@{ Number = $number; Name = "row $number"; Day = [DayOfWeek]::Friday; When = [datetime]::new(2026, 3, 1, 8, 0, 0, [DateTimeKind]::Utc) }
    }
}

function Get-Kind {
    [CmdletBinding()]
    param([object] $Secret, [object] $Table)

    return [pscustomobject]@{
        SecretType = if ($null -eq $Secret) { $null } else { $Secret.GetType().Name }
        SecretText = if ($Secret -is [securestring]) { [Net.NetworkCredential]::new('', $Secret).Password } else { $null }
        Subject    = if ($Secret -is [Security.Cryptography.X509Certificates.X509Certificate2]) { $Secret.Subject } else { $null }
        Added      = if ($Table -is [hashtable]) { , @($Table['add']) } else { $null }
        Sides      = if ($Table -is [hashtable]) { , @($Table.Keys) } else { $null }
    }
}

function Set-Thing {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Identity, [ValidateSet('One', 'Two')] [string] $Kind)

    $PSCmdlet.WriteWarning("nothing was changed on $Identity")
}

function Get-Trouble {
    [CmdletBinding()]
    param([switch] $Terminating)

    $exception = [InvalidOperationException]::new('Ex1|Some.Class|it did not work', [ArgumentException]::new('because'))
    $record = [Management.Automation.ErrorRecord]::new($exception, 'TroubleId', 'InvalidOperation', 'the target')
    if ($Terminating) { $PSCmdlet.ThrowTerminatingError($record) }
    $PSCmdlet.WriteError($record)
    return [pscustomobject]@{ Name = 'after the error' }
}

function Wait-Politely {
    [CmdletBinding()]
    param()

    for ($round = 0; $round -lt 3000; $round++) { [Threading.Thread]::Sleep(10) }
}

function Wait-Deaf {
    [CmdletBinding()]
    param()

    [Threading.Thread]::Sleep(600000)
}

function Write-Noise {
    [CmdletBinding()]
    param([int] $Megabytes)

    $line = [string]::new('x', 1023)
    for ($number = 0; $number -lt $Megabytes * 1024; $number++) { [Console]::Out.WriteLine($line) }
    return [pscustomobject]@{ Name = 'done' }
}

function Stop-Worker {
    [CmdletBinding()]
    param()

    [Environment]::FailFast('asked to die')
}
