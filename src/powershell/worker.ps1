#requires -Version 7.4
<#
    One session's worker: connects to the service's private socket, proves itself with a one-time token,
    and then runs one allow-listed command at a time. It decides nothing and knows no Exchange.

    Two runspaces. The main one reads frames, answers pings and cancels. The inner one imports modules,
    runs commands and writes their results, so that a hanging command never keeps the main one from
    seeing the end of the socket.

    Needs nothing but the engine: no cmdlet of the Utility or Management modules.
#>
[CmdletBinding()]
param()

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$ConfirmPreference = 'None'

$MaxFrameBytes = 16MB
$NamingParameters = 'Identity', 'User', 'Trustee', 'Member'

# Writes one frame: the only place where bytes go to the socket. Both runspaces use it.
function Send-Frame {
    param([IO.Stream] $Pipe, [object] $Lock, [IO.MemoryStream] $Frame)

    $Frame.WriteByte(10)
    [Threading.Monitor]::Enter($Lock)
    try {
        $Pipe.Write($Frame.GetBuffer(), 0, [int] $Frame.Length)
        $Pipe.Flush()
    } finally {
        [Threading.Monitor]::Exit($Lock)
    }
}

# One value as JSON: enums as names, dates as ISO 8601 UTC, sizes as text and number, lists as arrays.
# Anything else that is no plain value becomes its text.
function Write-Value {
    param([Text.Json.Utf8JsonWriter] $Writer, [object] $Value, [int] $Depth)

    $invariant = [Globalization.CultureInfo]::InvariantCulture
    if ($null -eq $Value) { $Writer.WriteNullValue(); return }
    if ($Value -is [string]) { $Writer.WriteStringValue([string] $Value); return }
    if ($Value -is [bool]) { $Writer.WriteBooleanValue([bool] $Value); return }
    if ($Value -is [enum]) { $Writer.WriteStringValue($Value.ToString()); return }
    if ($Value -is [datetime]) {
        # A date without a zone comes from the server, which means UTC.
        $utc = if ($Value.Kind -eq 'Local') { $Value.ToUniversalTime() } else { [datetime] $Value }
        $Writer.WriteStringValue($utc.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", $invariant)); return
    }
    if ($Value -is [DateTimeOffset]) {
        $Writer.WriteStringValue($Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", $invariant)); return
    }
    if ($Value -is [double] -or $Value -is [float]) {
        if ([double]::IsFinite($Value)) { $Writer.WriteNumberValue([double] $Value) } else { $Writer.WriteNullValue() }
        return
    }
    if ($Value -is [decimal] -or $Value -is [ulong]) { $Writer.WriteNumberValue([decimal] $Value); return }
    if ($Value -is [ValueType] -and $Value -is [IConvertible] -and $Value -isnot [char]) {
        $Writer.WriteNumberValue([long] $Value); return
    }
    if ($Depth -gt 0 -and $Value -is [Collections.IEnumerable] -and $Value -isnot [Collections.IDictionary]) {
        $Writer.WriteStartArray()
        foreach ($element in $Value) { Write-Value -Writer $Writer -Value $element -Depth ($Depth - 1) }
        $Writer.WriteEndArray(); return
    }
    if ($Value.PSObject.Methods['ToBytes'] -and $Value.GetType().Name -match 'ByteQuantifiedSize') {
        $Writer.WriteStartObject()
        $Writer.WriteString('text', $Value.ToString())
        $Writer.WriteNumber('bytes', [decimal] $Value.ToBytes())
        $Writer.WriteEndObject(); return
    }
    $Writer.WriteStringValue([string]::Format($invariant, '{0}', $Value))
}

# Runs at the end of the command's own pipeline, in the inner runspace: projects each object to the
# properties asked for and sends them in batches.
function Write-ItemFrame {
    param(
        [Parameter(ValueFromPipeline)] [object] $InputObject,
        [string[]] $Property,
        [int] $Id,
        [IO.Stream] $Pipe,
        [object] $Lock
    )
    begin {
        $buffer = $null
        function Close-Batch {
            $writer.WriteEndArray(); $writer.WriteEndObject(); $writer.Flush()
            Send-Frame -Pipe $Pipe -Lock $Lock -Frame $buffer
        }
    }
    process {
        if ($null -eq $InputObject) { return }
        if ($null -eq $buffer) {
            $buffer = [IO.MemoryStream]::new()
            $writer = [Text.Json.Utf8JsonWriter]::new($buffer)
            $count = 0
            $writer.WriteStartObject()
            $writer.WriteNumber('v', 1); $writer.WriteString('type', 'item'); $writer.WriteNumber('id', $Id)
            $writer.WriteStartArray('rows')
        }
        $writer.WriteStartObject()
        foreach ($name in $Property) {
            $found = $InputObject.PSObject.Properties[$name]
            if ($null -eq $found) { continue }
            $writer.WritePropertyName($name)
            Write-Value -Writer $writer -Value $found.Value -Depth 3
        }
        $writer.WriteEndObject()
        $count++
        # Rows may be large: a batch ends long before the longest frame.
        if ($count -ge 200 -or ($writer.BytesPending + $buffer.Length) -gt 1MB) {
            . Close-Batch
            $buffer = $null
        }
    }
    end {
        if ($null -ne $buffer) { . Close-Batch }
    }
}

function New-Frame {
    param([string] $Type)

    $buffer = [IO.MemoryStream]::new()
    $writer = [Text.Json.Utf8JsonWriter]::new($buffer)
    $writer.WriteStartObject()
    $writer.WriteNumber('v', 1)
    $writer.WriteString('type', $Type)
    return [pscustomobject]@{ Buffer = $buffer; Writer = $writer }
}

function Complete-Frame {
    param([pscustomobject] $Frame)

    $Frame.Writer.WriteEndObject()
    $Frame.Writer.Flush()
    Send-Frame -Pipe $pipe -Lock $lock -Frame $Frame.Buffer
}

# The first exception with an error record of its own: the record is on the wrapper, not at the bottom.
function Find-ErrorRecord {
    param([Exception] $Exception)

    for ($current = $Exception; $null -ne $current; $current = $current.InnerException) {
        if ($current -is [Management.Automation.MethodInvocationException]) { continue }
        if ($current -is [Management.Automation.IContainsErrorRecord] -and $null -ne $current.ErrorRecord) {
            $record = $current.ErrorRecord
            $record.PSObject.Properties.Add([psnoteproperty]::new('CaughtType', $current.GetType().FullName))
            return $record
        }
    }
    return [Management.Automation.ErrorRecord]::new($Exception, $Exception.GetType().Name, 'NotSpecified', $null)
}

function Write-ErrorRecord {
    param([Text.Json.Utf8JsonWriter] $Writer, [Management.Automation.ErrorRecord] $Record)

    $exception = $Record.Exception
    $type = $exception.GetType().FullName
    # A binding error's record holds only a shell of the exception that was caught.
    if ($exception -is [Management.Automation.ParentContainsErrorRecordException] -and $Record.PSObject.Properties['CaughtType']) {
        $type = $Record.CaughtType
    }
    $Writer.WriteStartObject()
    $Writer.WriteString('message', [string] $exception.Message)
    $Writer.WriteString('exceptionType', $type)
    $Writer.WriteStartArray('innerTypes')
    for ($inner = $exception.InnerException; $null -ne $inner; $inner = $inner.InnerException) {
        $Writer.WriteStringValue($inner.GetType().FullName)
    }
    $Writer.WriteEndArray()
    $Writer.WriteString('fullyQualifiedErrorId', [string] $Record.FullyQualifiedErrorId)
    $Writer.WriteString('category', $Record.CategoryInfo.Category.ToString())
    $Writer.WriteString('reason', [string] $Record.CategoryInfo.Reason)
    $Writer.WriteString('activity', [string] $Record.CategoryInfo.Activity)
    $Writer.WriteString('targetName', [string] $Record.CategoryInfo.TargetName)
    if ($null -ne $Record.ErrorDetails -and $Record.ErrorDetails.Message) {
        $Writer.WriteString('details', $Record.ErrorDetails.Message)
    }
    Write-HttpFact -Writer $Writer -Exception $exception
    if ($null -ne $Record.InvocationInfo -and $Record.InvocationInfo.ScriptName) {
        $position = '{0}:{1}' -f $Record.InvocationInfo.ScriptName, $Record.InvocationInfo.ScriptLineNumber
        $Writer.WriteString('position', $position)
    }
    $Writer.WriteEndObject()
}

function Write-HttpFact {
    param([Text.Json.Utf8JsonWriter] $Writer, [Exception] $Exception)

    for ($current = $Exception; $null -ne $current; $current = $current.InnerException) {
        $response = $current.PSObject.Properties['Response']
        if ($null -ne $response -and $response.Value -is [Net.Http.HttpResponseMessage]) {
            $Writer.WriteNumber('httpStatus', [int] $response.Value.StatusCode)
            $after = $response.Value.Headers.RetryAfter
            if ($null -ne $after -and $null -ne $after.Delta) {
                $Writer.WriteNumber('retryAfterSeconds', [double] $after.Delta.TotalSeconds)
            }
            return
        }
        if ($current -is [Net.Http.HttpRequestException] -and $null -ne $current.StatusCode) {
            $Writer.WriteNumber('httpStatus', [int] $current.StatusCode)
            return
        }
    }
}

function Send-Result {
    param([long] $Id, [string[]] $Warning, [Management.Automation.ErrorRecord[]] $Record, [bool] $Cancelled)

    $frame = New-Frame -Type 'result'
    $writer = $frame.Writer
    $writer.WriteNumber('id', $Id)
    $writer.WriteStartArray('warnings')
    foreach ($text in $Warning) { $writer.WriteStringValue($text) }
    $writer.WriteEndArray()
    $writer.WriteStartArray('errors')
    foreach ($one in $Record) { Write-ErrorRecord -Writer $writer -Record $one }
    $writer.WriteEndArray()
    $writer.WriteBoolean('cancelled', $Cancelled)
    Complete-Frame -Frame $frame
}

function New-Refusal {
    param([string] $ErrorId, [string] $Message)

    return [Management.Automation.ErrorRecord]::new(
        [Management.Automation.RuntimeException]::new($Message), $ErrorId, 'PermissionDenied', $null)
}

function ConvertFrom-Tagged {
    param([Text.Json.JsonElement] $Element)

    switch ($Element.GetProperty('$type').GetString()) {
        'secure-string' { return , (ConvertTo-SecureText -Text $Element.GetProperty('value').GetString()) }
        'certificate' {
            $bytes = $Element.GetProperty('pfx').GetBytesFromBase64()
            $password = ConvertTo-SecureText -Text $Element.GetProperty('password').GetString()
            return , (ConvertTo-Certificate -Bytes $bytes -Password $password)
        }
        'change' {
            $table = @{}
            foreach ($side in 'add', 'remove') {
                [string[]] $values = @(foreach ($one in $Element.GetProperty($side).EnumerateArray()) { $one.GetString() })
                if ($values.Count -gt 0) { $table[$side] = $values }
            }
            return , $table
        }
        'null' { return $null }
        default { throw [ArgumentException]::new('a tagged value of unknown kind') }
    }
}

function ConvertTo-SecureText {
    param([string] $Text)

    $secure = [securestring]::new()
    foreach ($character in $Text.ToCharArray()) { $secure.AppendChar($character) }
    return , $secure
}

function ConvertTo-Certificate {
    param([byte[]] $Bytes, [securestring] $Password)

    $flags = [Security.Cryptography.X509Certificates.X509KeyStorageFlags]::EphemeralKeySet
    if ($IsMacOS) { $flags = [Security.Cryptography.X509Certificates.X509KeyStorageFlags]::DefaultKeySet }
    # The loader exists from .NET 9 on, and the constructor is deprecated there.
    $loader = 'System.Security.Cryptography.X509Certificates.X509CertificateLoader' -as [type]
    if ($null -eq $loader) {
        return [Security.Cryptography.X509Certificates.X509Certificate2]::new($Bytes, $Password, $flags)
    }
    $plain = [Net.NetworkCredential]::new('', $Password).Password
    return $loader::LoadPkcs12($Bytes, $plain, $flags)
}

function ConvertFrom-Element {
    param([Text.Json.JsonElement] $Element)

    switch ($Element.ValueKind) {
        'String' { return $Element.GetString() }
        'True' { return $true }
        'False' { return $false }
        'Number' {
            $whole = [long] 0
            if ($Element.TryGetInt64([ref] $whole)) { return $whole }
            return $Element.GetDouble()
        }
        'Array' {
            [string[]] $list = @(foreach ($one in $Element.EnumerateArray()) {
                if ($one.ValueKind -ne 'String') { throw [ArgumentException]::new('a list may only hold texts') }
                $one.GetString()
            })
            return , $list
        }
        'Object' { return , (ConvertFrom-Tagged -Element $Element) }
        default { throw [ArgumentException]::new('null is no value for a parameter') }
    }
}

# The parameters of a run frame as a table for splatting, or the reason why they are refused.
function Read-Parameter {
    param([string] $Command, [Text.Json.JsonElement] $Parameters)

    if (-not $allowed.ContainsKey($Command)) {
        return New-Refusal -ErrorId 'CommandRefused' -Message "$Command is not allowed"
    }
    $table = @{}
    foreach ($member in $Parameters.EnumerateObject()) {
        $name = $member.Name
        if (-not $allowed[$Command].Contains($name)) {
            return New-Refusal -ErrorId 'ParameterRefused' -Message "$Command -$name is not allowed"
        }
        try {
            $value = ConvertFrom-Element -Element $member.Value
        } catch {
            return New-Refusal -ErrorId 'ValueRefused' -Message "$Command -$name has a value of a kind that is not taken"
        }
        if ($NamingParameters -contains $name -and
            ($value -isnot [string] -or [string]::IsNullOrWhiteSpace($value) -or $value.IndexOfAny([char[]] '*?') -ge 0)) {
            return New-Refusal -ErrorId 'IdentityRefused' -Message "$Command -$name must name one object"
        }
        $table[$name] = $value
    }
    return $table
}

function Start-Operation {
    param([long] $Id, [Management.Automation.PowerShell] $Shell)

    $Shell.Runspace = $inner
    $script:operation = [pscustomobject]@{ Id = $Id; Shell = $Shell; Task = $Shell.InvokeAsync() }
}

function Invoke-Prepare {
    param([Text.Json.JsonElement] $Frame)

    $allowed.Clear()
    foreach ($command in $Frame.GetProperty('allow').EnumerateObject()) {
        $names = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
        foreach ($name in $command.Value.EnumerateArray()) { $null = $names.Add($name.GetString()) }
        $allowed[$command.Name] = $names
    }
    $shell = [powershell]::Create()
    foreach ($module in $Frame.GetProperty('modules').EnumerateArray()) {
        $import = @{ Name = $module.GetProperty('name').GetString(); ErrorAction = 'Stop'; DisableNameChecking = $true; Global = $true; PassThru = $true }
        $version = [Text.Json.JsonElement]::new()
        if ($module.TryGetProperty('version', [ref] $version)) { $import.RequiredVersion = [version] $version.GetString() }
        # What was really loaded is the answer.
        $sink = @{ Property = 'Name', 'Version'; Id = $Frame.GetProperty('id').GetInt32(); Pipe = $pipe; Lock = $lock }
        $null = $shell.AddStatement().AddCommand('Import-Module').AddParameters($import).AddCommand('Write-ItemFrame').AddParameters($sink)
    }
    $null = $shell.AddStatement().AddCommand('Out-Null')
    Start-Operation -Id $Frame.GetProperty('id').GetInt64() -Shell $shell
}

function Invoke-Run {
    param([Text.Json.JsonElement] $Frame)

    $id = $Frame.GetProperty('id').GetInt64()
    $command = $Frame.GetProperty('command').GetString()
    $parameters = Read-Parameter -Command $command -Parameters $Frame.GetProperty('parameters')
    if ($parameters -is [Management.Automation.ErrorRecord]) {
        Send-Result -Id $id -Warning @() -Record $parameters -Cancelled $false
        return
    }
    [string[]] $properties = @(foreach ($one in $Frame.GetProperty('properties').EnumerateArray()) { $one.GetString() })
    $shell = [powershell]::Create()
    $null = $shell.AddCommand($command, $false).AddParameters($parameters)
    if ($properties.Count -gt 0) {
        $sink = @{ Property = $properties; Id = [int] $id; Pipe = $pipe; Lock = $lock }
        $null = $shell.AddCommand('Write-ItemFrame').AddParameters($sink)
    } else {
        $null = $shell.AddCommand('Out-Null')
    }
    $script:count++
    Start-Operation -Id $id -Shell $shell
}

function Complete-Operation {
    $current = $script:operation
    $script:operation = $null
    $shell = $current.Shell
    # Never ask a stopped operation for its result: its exception passes every catch of a script.
    $cancelled = $shell.InvocationStateInfo.State -eq 'Stopped'
    [Management.Automation.ErrorRecord[]] $records = @(
        if (-not $cancelled -and $current.Task.IsFaulted) { Find-ErrorRecord -Exception $current.Task.Exception.InnerException }
        $shell.Streams.Error
    )
    [string[]] $warnings = @(foreach ($one in $shell.Streams.Warning) { $one.Message })
    Send-Result -Id $current.Id -Warning $warnings -Record $records -Cancelled $cancelled
    $shell.Dispose()
}

function Send-Pong {
    param([long] $Id)

    $frame = New-Frame -Type 'pong'
    $frame.Writer.WriteNumber('id', $Id)
    $frame.Writer.WriteNumber('memoryBytes', [Environment]::WorkingSet)
    $frame.Writer.WriteNumber('operations', [int] $script:count)
    $frame.Writer.WriteBoolean('busy', $null -ne $script:operation)
    Complete-Frame -Frame $frame
}

# Obeys one line; false when the worker is to leave.
function Invoke-Line {
    param([byte[]] $Bytes, [int] $Length)

    $document = [Text.Json.JsonDocument]::Parse([ReadOnlyMemory[byte]]::new($Bytes, 0, $Length))
    try {
        return Invoke-Frame -Frame $document.RootElement
    } finally {
        $document.Dispose()
    }
}

function Invoke-Frame {
    param([Text.Json.JsonElement] $Frame)

    $type = $Frame.GetProperty('type').GetString()
    if ($type -in 'prepare', 'run' -and $null -ne $script:operation) {
        throw [InvalidOperationException]::new('one command at a time')
    }
    switch ($type) {
        'prepare' { Invoke-Prepare -Frame $Frame }
        'run' { Invoke-Run -Frame $Frame }
        'cancel' { if ($null -ne $script:operation) { $null = $script:operation.Shell.StopAsync($null, $null) } }
        'ping' { Send-Pong -Id $Frame.GetProperty('id').GetInt64() }
        'exit' { return $false }
        default { throw [InvalidOperationException]::new('unknown frame') }
    }
    return $true
}

function New-InnerRunspace {
    $state = [initialsessionstate]::CreateDefault2()
    foreach ($name in 'Send-Frame', 'Write-Value', 'Write-ItemFrame') {
        $text = (Get-Command -Name $name -CommandType Function).Definition
        $state.Commands.Add([Management.Automation.Runspaces.SessionStateFunctionEntry]::new($name, $text))
    }
    foreach ($preference in @{ ProgressPreference = 'SilentlyContinue'; ConfirmPreference = 'None'; WarningPreference = 'Continue' }.GetEnumerator()) {
        $state.Variables.Add([Management.Automation.Runspaces.SessionStateVariableEntry]::new($preference.Key, $preference.Value, ''))
    }
    $runspace = [runspacefactory]::CreateRunspace($state)
    $runspace.Open()
    return $runspace
}

function Open-Channel {
    $path = [Environment]::GetEnvironmentVariable('SESSION_CHANNEL')
    $token = [Environment]::GetEnvironmentVariable('SESSION_TOKEN')
    foreach ($name in 'SESSION_CHANNEL', 'SESSION_TOKEN') { [Environment]::SetEnvironmentVariable($name, [NullString]::Value) }
    $options = [IO.Pipes.PipeOptions]::Asynchronous -bor [IO.Pipes.PipeOptions]::CurrentUserOnly
    $stream = [IO.Pipes.NamedPipeClientStream]::new('.', $path, [IO.Pipes.PipeDirection]::InOut, $options)
    $stream.Connect(10000)
    return [pscustomobject]@{ Pipe = $stream; Token = $token }
}

function Send-Hello {
    param([string] $Token)

    $frame = New-Frame -Type 'hello'
    $frame.Writer.WriteString('token', $Token)
    $frame.Writer.WriteNumber('pid', [Environment]::ProcessId)
    $frame.Writer.WriteString('engine', $(if ($Host.Name -eq 'ConsoleHost') { 'pwsh' } else { 'engine-host' }))
    $frame.Writer.WriteString('engineVersion', $PSVersionTable.PSVersion.ToString())
    Complete-Frame -Frame $frame
}

# Reads until the socket ends or the service says exit. Lines are gathered from chunks, with a limit.
function Start-Loop {
    $chunk = [byte[]]::new(65536)
    $line = [IO.MemoryStream]::new()
    $read = $pipe.ReadAsync($chunk, 0, $chunk.Length)
    for (;;) {
        $tasks = if ($null -eq $script:operation) { , $read } else { $read, $script:operation.Task }
        $null = [Threading.Tasks.Task]::WaitAny([Threading.Tasks.Task[]] $tasks, 250)
        if ($null -ne $script:operation -and $script:operation.Task.IsCompleted) { Complete-Operation }
        if (-not $read.IsCompleted) { continue }
        if ($read.IsFaulted -or $read.Result -eq 0) { return }
        $start = 0
        while ($start -lt $read.Result) {
            $end = [Array]::IndexOf($chunk, [byte] 10, $start, $read.Result - $start)
            $stop = if ($end -lt 0) { $read.Result } else { $end }
            $line.Write($chunk, $start, $stop - $start)
            if ($line.Length -gt $MaxFrameBytes) { throw [IO.InvalidDataException]::new('a frame is too long') }
            $start = $stop + 1
            if ($end -lt 0) { break }
            $continue = Invoke-Line -Bytes $line.GetBuffer() -Length ([int] $line.Length)
            $line.SetLength(0)
            if (-not $continue) { return }
        }
        $read = $pipe.ReadAsync($chunk, 0, $chunk.Length)
    }
}

# 130 stays if an interrupt stops the script: neither catch nor the last assignment runs then.
$exitCode = 130
try {
    $channel = Open-Channel
    $pipe = $channel.Pipe
    $lock = [object]::new()
    $allowed = [Collections.Generic.Dictionary[string, object]]::new([StringComparer]::OrdinalIgnoreCase)
    $operation = $null
    $count = 0
    $inner = New-InnerRunspace
    Send-Hello -Token $channel.Token
    Start-Loop
    $exitCode = 0
} catch {
    # The type only: a parser's message may quote what it read.
    [Console]::Error.WriteLine("worker failed: $($_.Exception.GetType().FullName) at line $($_.InvocationInfo.ScriptLineNumber)")
    $exitCode = 1
} finally {
    # Not a plain return: a command that hangs in the inner runspace would keep the process alive.
    [Environment]::Exit($exitCode)
}
