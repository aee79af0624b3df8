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
# Warnings and errors of one command that are passed on; the rest is counted.
$MostMessages = 100
$LongestMessage = 16KB
# What a command gets to clean up after itself when the service has asked the worker to leave.
$LeaveAfterMs = 1000
$NamingParameters = 'Identity', 'Mailbox', 'User', 'Trustee', 'Member'

# Writes one frame: the only place where bytes go to the socket. Both runspaces use it, and have $pipe and $lock.
function Send-Frame {
    param([IO.MemoryStream] $Frame)

    $Frame.WriteByte(10)
    [Threading.Monitor]::Enter($lock)
    try {
        $pipe.Write($Frame.GetBuffer(), 0, [int] $Frame.Length)
        $pipe.Flush()
    } finally {
        [Threading.Monitor]::Exit($lock)
    }
}

# Projects objects to the properties asked for, as frames of rows: enums as names, dates as ISO 8601 UTC,
# sizes as text and number, lists as arrays; anything else that is no plain value becomes its text.
# One loop instead of a function for each value: a call costs twenty times as much as the value.
function Send-Row {
    param([Collections.Generic.List[object]] $Row, [string[]] $Property, [long] $Id)

    $invariant = [cultureinfo]::InvariantCulture
    $buffer = [IO.MemoryStream]::new()
    $writer = [Text.Json.Utf8JsonWriter]::new($buffer, $jsonOptions)
    $open = [Collections.Generic.Stack[Collections.IEnumerator]]::new()
    $next = 0
    while ($next -lt $Row.Count) {
        $buffer.SetLength(0)
        $writer.Reset()
        $writer.WriteStartObject()
        $writer.WriteNumber('v', 1); $writer.WriteString('type', 'item'); $writer.WriteNumber('id', $Id)
        $writer.WriteStartArray('rows')
        # Rows may be large: a frame ends long before the longest one.
        while ($next -lt $Row.Count -and ($writer.BytesPending + $buffer.Length) -lt 1MB) {
            $members = $Row[$next++].PSObject.Properties
            $writer.WriteStartObject()
            foreach ($name in $Property) {
                $member = $members[$name]
                if ($null -eq $member) { continue }
                $writer.WritePropertyName($name)
                # As a method: what a property throws, PowerShell takes for $null.
                $value = $member.get_Value()
                for (;;) {
                    if ($null -eq $value) { $writer.WriteNullValue() }
                    elseif ($value -is [string]) { $writer.WriteStringValue([string] $value) }
                    elseif ($value -is [bool]) { $writer.WriteBooleanValue([bool] $value) }
                    elseif ($value -is [int]) { $writer.WriteNumberValue([int] $value) }
                    elseif ($value -is [enum] -or $value -is [guid]) { $writer.WriteStringValue($value.ToString()) }
                    elseif ($value -is [datetime] -or $value -is [DateTimeOffset]) {
                        # A date without a zone comes from the server, which means UTC.
                        $utc = if ($value -is [DateTimeOffset]) { $value.UtcDateTime } elseif ($value.Kind -eq 'Local') { $value.ToUniversalTime() } else { $value }
                        $writer.WriteStringValue($utc.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", $invariant))
                    }
                    elseif ($value -is [double] -or $value -is [float]) {
                        if ([double]::IsFinite($value)) { $writer.WriteNumberValue([double] $value) } else { $writer.WriteNullValue() }
                    }
                    elseif ($value -is [decimal] -or $value -is [ulong]) { $writer.WriteNumberValue([decimal] $value) }
                    elseif ($value -is [ValueType] -and $value -is [IConvertible] -and $value -isnot [char]) { $writer.WriteNumberValue([long] $value) }
                    elseif ($open.Count -lt 3 -and $value -is [Collections.IEnumerable] -and $value -isnot [Collections.IDictionary]) {
                        $writer.WriteStartArray()
                        $open.Push(@($value).GetEnumerator())
                    }
                    elseif ($value.GetType().Name -match 'ByteQuantifiedSize' -and $value.PSObject.Methods['ToBytes']) {
                        $writer.WriteStartObject()
                        $writer.WriteString('text', $value.ToString())
                        $writer.WriteNumber('bytes', [decimal] $value.ToBytes())
                        $writer.WriteEndObject()
                    }
                    else { $writer.WriteStringValue([string]::Format($invariant, '{0}', [object[]] @(, $value))) }
                    # The next element of the innermost list, or what comes after the list.
                    while ($open.Count -gt 0 -and -not $open.Peek().MoveNext()) { $null = $open.Pop(); $writer.WriteEndArray() }
                    if ($open.Count -eq 0) { break }
                    $value = $open.Peek().Current
                }
            }
            $writer.WriteEndObject()
        }
        $writer.WriteEndArray()
        $writer.WriteEndObject()
        $writer.Flush()
        if ($buffer.Length -ge $MaxFrameBytes) {
            $tooLong = [IO.InvalidDataException]::new('one object is longer than an answer may be; ask for fewer properties')
            throw [Management.Automation.ErrorRecord]::new($tooLong, 'AnswerTooLong', 'LimitsExceeded', $null)
        }
        Send-Frame $buffer
    }
}

# Runs at the end of the command's own pipeline, in the inner runspace, so that rows leave while others come.
function Write-ItemFrame {
    param(
        [Parameter(ValueFromPipeline)] [object] $InputObject,
        [string[]] $Property,
        [long] $Id
    )
    begin { $rows = [Collections.Generic.List[object]]::new() }
    process {
        if ($null -eq $InputObject) { return }
        $rows.Add($InputObject)
        if ($rows.Count -lt 200) { return }
        Send-Row $rows $Property $Id
        $rows.Clear()
    }
    end { Send-Row $rows $Property $Id }
}

# What was really loaded is what comes out.
function Import-WantedModule {
    param([hashtable[]] $Module)

    foreach ($one in $Module) {
        Import-Module @one -Global -DisableNameChecking -PassThru -ErrorAction Stop
    }
}

# Writes a frame of the main runspace: what all have in common, then what the block adds.
function Write-Frame {
    param([string] $Type, [scriptblock] $Content)

    $buffer = [IO.MemoryStream]::new()
    $writer = [Text.Json.Utf8JsonWriter]::new($buffer, $jsonOptions)
    $writer.WriteStartObject()
    $writer.WriteNumber('v', 1)
    $writer.WriteString('type', $Type)
    . $Content
    $writer.WriteEndObject()
    $writer.Flush()
    Send-Frame $buffer
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
    $Writer.WriteString('message', (Limit-Text $exception.Message))
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
        $Writer.WriteString('details', (Limit-Text $Record.ErrorDetails.Message))
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
            $wait = if ($null -eq $after) { $null } elseif ($null -ne $after.Delta) { $after.Delta } elseif ($null -ne $after.Date) { $after.Date - [DateTimeOffset]::UtcNow }
            if ($null -ne $wait) { $Writer.WriteNumber('retryAfterSeconds', [Math]::Max(0, [double] $wait.TotalSeconds)) }
            return
        }
        if ($current -is [Net.Http.HttpRequestException] -and $null -ne $current.StatusCode) {
            $Writer.WriteNumber('httpStatus', [int] $current.StatusCode)
            return
        }
    }
}

function Limit-Text {
    param([string] $Text)

    if ($Text.Length -le $LongestMessage) { return $Text }
    return $Text.Substring(0, $LongestMessage) + ' ...'
}

# The end of a command. Most have neither warnings nor errors: their answer needs no JSON writer.
function Send-Result {
    param([long] $Id, [object] $Warning, [object] $Record, [bool] $Cancelled)

    if ($Warning.Count -eq 0 -and $Record.Count -eq 0 -and -not $Cancelled) {
        $bytes = [Text.Encoding]::UTF8.GetBytes('{"v":1,"type":"result","id":' + $Id + ',"warnings":[],"errors":[],"cancelled":false}')
        $buffer = [IO.MemoryStream]::new()
        $buffer.Write($bytes, 0, $bytes.Length)
        Send-Frame $buffer
        return
    }
    Write-Frame -Type 'result' -Content {
        $writer.WriteNumber('id', $Id)
        $writer.WriteStartArray('warnings')
        foreach ($text in $Warning.GetRange(0, [Math]::Min($Warning.Count, $MostMessages))) { $writer.WriteStringValue((Limit-Text $text)) }
        if ($Warning.Count -gt $MostMessages) { $writer.WriteStringValue("$($Warning.Count - $MostMessages) more warnings were left out") }
        $writer.WriteEndArray()
        $writer.WriteStartArray('errors')
        foreach ($one in $Record.GetRange(0, [Math]::Min($Record.Count, $MostMessages))) { Write-ErrorRecord -Writer $writer -Record $one }
        $writer.WriteEndArray()
        $writer.WriteBoolean('cancelled', $Cancelled)
    }
}

# Refuses a command before it begins; the session stays usable.
function Send-Refusal {
    param([long] $Id, [Management.Automation.ErrorRecord] $Record)

    $records = [Collections.Generic.List[Management.Automation.ErrorRecord]]::new()
    $records.Add($Record)
    Send-Result -Id $Id -Warning ([Collections.Generic.List[string]]::new()) -Record $records -Cancelled $false
}

function New-Refusal {
    param([string] $ErrorId, [string] $Message)

    return [Management.Automation.ErrorRecord]::new(
        [Management.Automation.RuntimeException]::new($Message), $ErrorId, 'PermissionDenied', $null)
}

function ConvertFrom-Tagged {
    param([Text.Json.JsonElement] $Element)

    switch ($Element.GetProperty('$type').GetString()) {
        'null' { return $null }
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
            $value = if ($member.Value.ValueKind -eq 'String') { $member.Value.GetString() } else { ConvertFrom-Element -Element $member.Value }
        } catch {
            return New-Refusal -ErrorId 'ValueRefused' -Message "$Command -$name has a value of a kind that is not taken"
        }
        if ($NamingParameters -contains $name -and ($value -isnot [string] -or $value -match '^[\s\p{C}\p{Z}]*$|[*?]')) {
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
    [hashtable[]] $modules = @(foreach ($module in $Frame.GetProperty('modules').EnumerateArray()) {
        $wanted = @{ Name = $module.GetProperty('name').GetString() }
        $version = [Text.Json.JsonElement]::new()
        if ($module.TryGetProperty('version', [ref] $version)) { $wanted.RequiredVersion = $version.GetString() }
        $wanted
    })
    $id = $Frame.GetProperty('id').GetInt64()
    # One statement: with several, a runspace that keeps its thread waits for itself.
    $shell = [powershell]::Create()
    $null = $shell.AddCommand('Import-WantedModule').AddParameter('Module', $modules).AddCommand('Write-ItemFrame').AddParameters(@{ Property = @('Name', 'Version'); Id = $id })
    Start-Operation -Id $id -Shell $shell
}

function Invoke-Run {
    param([Text.Json.JsonElement] $Frame)

    $id = $Frame.GetProperty('id').GetInt64()
    $command = $Frame.GetProperty('command').GetString()
    $parameters = Read-Parameter -Command $command -Parameters $Frame.GetProperty('parameters')
    if ($parameters -is [Management.Automation.ErrorRecord]) {
        Send-Refusal -Id $id -Record $parameters
        return
    }
    [string[]] $properties = @(foreach ($one in $Frame.GetProperty('properties').EnumerateArray()) { $one.GetString() })
    $shell = [powershell]::Create()
    $null = $shell.AddCommand($command, $false).AddParameters($parameters)
    if ($properties.Count -gt 0) {
        $null = $shell.AddCommand('Write-ItemFrame').AddParameters(@{ Property = $properties; Id = $id })
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
    $records = [Collections.Generic.List[Management.Automation.ErrorRecord]]::new()
    if (-not $cancelled -and $current.Task.IsFaulted) { $records.Add((Find-ErrorRecord -Exception $current.Task.Exception.InnerException)) }
    $records.AddRange($shell.Streams.Error)
    $warnings = [Collections.Generic.List[string]]::new()
    foreach ($one in $shell.Streams.Warning) { $warnings.Add($one.Message) }
    Send-Result -Id $current.Id -Warning $warnings -Record $records -Cancelled $cancelled
    $shell.Dispose()
}

function Send-Pong {
    param([long] $Id)

    Write-Frame -Type 'pong' -Content {
        $writer.WriteNumber('id', $Id)
        $writer.WriteNumber('memoryBytes', [Environment]::WorkingSet)
        $writer.WriteNumber('operations', [int] $script:count)
        $writer.WriteBoolean('busy', $null -ne $script:operation)
    }
}

# Obeys one line; false when the worker is to leave.
function Invoke-Line {
    param([byte[]] $Bytes, [int] $Length)

    $document = [Text.Json.JsonDocument]::Parse([ReadOnlyMemory[byte]]::new($Bytes, 0, $Length))
    try {
        $frame = $document.RootElement
        $type = $frame.GetProperty('type').GetString()
        if ($type -ceq 'exit') { return $false }
        $id = $frame.GetProperty('id').GetInt64()
        if ($type -cin 'prepare', 'run' -and $null -ne $script:operation) {
            Send-Refusal -Id $id -Record (New-Refusal -ErrorId 'Busy' -Message 'one command at a time')
            return $true
        }
        switch -CaseSensitive ($type) {
            'prepare' { Invoke-Prepare -Frame $frame }
            'run' { Invoke-Run -Frame $frame }
            'cancel' { Stop-Operation -Id $id }
            'ping' { Send-Pong -Id $id }
            default { throw [InvalidOperationException]::new('unknown frame') }
        }
        return $true
    } finally {
        $document.Dispose()
    }
}

# Asks the command to stop, if it is still the one that is meant.
function Stop-Operation {
    param([long] $Id)

    if ($null -ne $script:operation -and $script:operation.Id -eq $Id) {
        $null = $script:operation.Shell.StopAsync($null, $null)
    }
}

# Lets a command that was still at work run its `finally`, for a moment.
function Exit-Loop {
    if ($null -ne $script:operation) {
        Stop-Operation -Id $script:operation.Id
        $null = ([IAsyncResult] $script:operation.Task).AsyncWaitHandle.WaitOne($LeaveAfterMs)
    }
}

function New-InnerRunspace {
    $state = [initialsessionstate]::CreateDefault2()
    foreach ($name in 'Send-Frame', 'Send-Row', 'Write-ItemFrame', 'Import-WantedModule') {
        $text = (Get-Command -Name $name -CommandType Function).Definition
        $state.Commands.Add([Management.Automation.Runspaces.SessionStateFunctionEntry]::new($name, $text))
    }
    $variables = @{ ProgressPreference = 'SilentlyContinue'; ConfirmPreference = 'None'; WarningPreference = 'Continue'; MaxFrameBytes = $MaxFrameBytes; jsonOptions = $jsonOptions; pipe = $pipe; lock = $lock }
    foreach ($variable in $variables.GetEnumerator()) {
        $state.Variables.Add([Management.Automation.Runspaces.SessionStateVariableEntry]::new($variable.Key, $variable.Value, ''))
    }
    $runspace = [runspacefactory]::CreateRunspace($state)
    # One thread for all commands: a new one for each costs more than a short command.
    $runspace.ThreadOptions = 'ReuseThread'
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

    Write-Frame -Type 'hello' -Content {
        $writer.WriteString('token', $Token)
        $writer.WriteNumber('pid', [Environment]::ProcessId)
        $writer.WriteString('engine', $(if ($Host.Name -eq 'ConsoleHost') { 'pwsh' } else { 'engine-host' }))
        $writer.WriteString('engineVersion', $PSVersionTable.PSVersion.ToString())
    }
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
            if (-not $continue) { Exit-Loop; return }
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
    # The reader is no browser: text does not swell to escapes.
    $jsonOptions = [Text.Json.JsonWriterOptions]@{ Encoder = [Text.Encodings.Web.JavaScriptEncoder]::UnsafeRelaxedJsonEscaping }
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
