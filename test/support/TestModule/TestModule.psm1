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
        [pscustomobject]@{
            Number = $number; Name = "row $number"; Day = [DayOfWeek]::Friday; When = [datetime]::new(2026, 3, 1, 8, 0, 0, [DateTimeKind]::Utc)
            Guid = [guid]::Empty; Address = "row$number@example.org"; Alias = "row$number"; Flag = $true; Nothing = $null; List = 'a', 'b'
        }
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

function Set-Marker {
    [CmdletBinding()]
    param()

    $script:marker = $true
}

function Get-Marker {
    [CmdletBinding()]
    param()

    return [pscustomobject]@{ Set = $script:marker }
}
$script:marker = $false

function Write-Message {
    [CmdletBinding()]
    param([int] $Count, [int] $Length)

    $text = [string]::new('x', $Length)
    for ($number = 0; $number -lt $Count; $number++) {
        $PSCmdlet.WriteWarning($text)
        $PSCmdlet.WriteError([Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($text), 'Many', 'NotSpecified', $null))
    }
}

function Get-Large {
    [CmdletBinding()]
    param([int] $Megabytes)

    [pscustomobject]@{ Name = 'small'; Text = 'x' }
    return [pscustomobject]@{ Name = 'large'; Text = [string]::new('"', $Megabytes * 1MB) }
}

class FakeByteQuantifiedSize {
    [long] $Count
    FakeByteQuantifiedSize([long] $count) { $this.Count = $count }
    [long] ToBytes() { return $this.Count }
    [string] ToString() { return "1.2 GB ($($this.Count.ToString('N0', [cultureinfo]::InvariantCulture)) bytes)" }
}

# A property of every kind that Exchange returns, and some that it should not.
function Get-Odd {
    [CmdletBinding()]
    param()

    $row = [pscustomobject]@{
        Size = [FakeByteQuantifiedSize]::new(1288490188); Flags = [IO.FileAttributes] 'ReadOnly, Hidden'
        Local = [datetime]::new(2026, 3, 1, 8, 0, 0, [DateTimeKind]::Utc).ToLocalTime(); Zoned = [DateTimeOffset]::new(2026, 3, 1, 9, 0, 0, [timespan]::FromHours(1))
        Unspecified = [datetime]::new(2026, 3, 1, 8, 0, 0); Exact = [datetime]::new(637000000000000001, [DateTimeKind]::Utc)
        Span = [timespan]::FromMinutes(90); Version = [version] '3.9.2'; Letter = [char] 'x'; Half = 0.5; Infinite = [double]::PositiveInfinity
        Big = [ulong]::MaxValue; Exactly = [decimal] 0.1; Empty = @(); Nested = @(@(), , @(1, @('deep', @('deeper')))); Table = @{ a = 1 }
    }
    $row.PSObject.Properties.Add([psscriptproperty]::new('Broken', { throw 'cannot be read' }))
    return $row
}

function Wait-WithCleanup {
    [CmdletBinding()]
    param([string] $File)

    try {
        [IO.File]::WriteAllText($File, 'begun')
        for ($round = 0; $round -lt 3000; $round++) { [Threading.Thread]::Sleep(10) }
    } finally {
        [IO.File]::WriteAllText($File, 'cleaned up')
    }
}

function Read-Person {
    [CmdletBinding()]
    param()

    return $Host.UI.ReadLine()
}

function Get-Late {
    [CmdletBinding()]
    param([switch] $Date)

    $response = [Net.Http.HttpResponseMessage]::new([Net.HttpStatusCode] 429)
    $response.Headers.RetryAfter = if ($Date) { [Net.Http.Headers.RetryConditionHeaderValue]::new([DateTimeOffset]::UtcNow.AddSeconds(90)) } else { [Net.Http.Headers.RetryConditionHeaderValue]::new([timespan]::FromSeconds(90)) }
    $exception = [InvalidOperationException]::new('too many')
    $exception.PSObject.Properties.Add([psnoteproperty]::new('Response', $response))
    $PSCmdlet.WriteError([Management.Automation.ErrorRecord]::new($exception, 'Throttled', 'LimitsExceeded', $null))
}
