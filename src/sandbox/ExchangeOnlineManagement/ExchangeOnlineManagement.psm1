<#
    Stand-in for the ExchangeOnlineManagement module. Which cmdlets there are, and which parameters of
    which types in which sets, comes from the documentation (documented.json); what they do, the
    simulated tenant at EXO_SANDBOX_TENANT decides.

    Needs nothing but the engine: no cmdlet of the Utility or Management modules.
#>
Set-StrictMode -Version 3.0

# A size as the service's own type of that name shows it.
class ByteQuantifiedSize {
    hidden [long] $Size
    hidden [string] $Text

    ByteQuantifiedSize([long] $Size, [string] $Text) { $this.Size = $Size; $this.Text = $Text }

    [long] ToBytes() { return $this.Size }
    [string] ToString() { return $this.Text }
}

$Documented = [Text.Json.JsonDocument]::Parse(
    [IO.File]::ReadAllText([IO.Path]::Combine($PSScriptRoot, '..', '..', 'cmdlets', 'documented.json'))
).RootElement.GetProperty('cmdlets')
$Tenant = [Environment]::GetEnvironmentVariable('EXO_SANDBOX_TENANT')
$Client = & {
    $handler = [Net.Http.SocketsHttpHandler]::new()
    $handler.UseProxy = $false
    [Net.Http.HttpClient]::new($handler)
}
$Connection = $null
$ParameterTables = [Collections.Generic.Dictionary[string, object]]::new()

# Types the client checks; every other one belongs to the server and crosses as text.
$ClientTypes = @{
    SwitchParameter     = [switch]
    # Three of them have no value of their own: $null is then the organisation's.
    Boolean             = [Nullable[bool]]
    Int32               = [int]
    UInt32              = [uint]
    DateTime            = [datetime]
    Guid                = [guid]
    PSCredential        = [pscredential]
    SecureString        = [securestring]
    X509Certificate2    = [Security.Cryptography.X509Certificates.X509Certificate2]
    # Takes a list as well as a table of changes.
    MultiValuedProperty = [object]
}

$NotConnected = 'You must call the Connect-ExchangeOnline cmdlet before calling any other cmdlets.'

function Get-DocumentedMember {
    param([Text.Json.JsonElement] $Element, [string] $Name)

    $found = [Text.Json.JsonElement]::new()
    if ($Element.TryGetProperty($Name, [ref] $found)) { return , $found }
    return $null
}

# The set that counts when several fit: the documented one, else that of -Identity, else the first.
function Find-DefaultSet {
    param([Text.Json.JsonElement] $Sets)

    foreach ($set in $Sets.EnumerateArray()) {
        if ($null -ne (Get-DocumentedMember -Element $set -Name 'default')) { return $set.GetProperty('name').GetString() }
    }
    $names = @(foreach ($set in $Sets.EnumerateArray()) { $set.GetProperty('name').GetString() })
    if ($names -contains 'Identity') { return 'Identity' }
    return $names[0]
}

# The parameters of a cmdlet as the engine binds them. Its default set is called Default here, because
# one script block serves every cmdlet.
function Get-ParameterTable {
    param([string] $Name)

    if ($ParameterTables.ContainsKey($Name)) { return , $ParameterTables[$Name] }
    $cmdlet = $Documented.GetProperty($Name)
    $default = Find-DefaultSet -Sets $cmdlet.GetProperty('sets')
    $table = [Management.Automation.RuntimeDefinedParameterDictionary]::new()
    foreach ($member in $cmdlet.GetProperty('parameters').EnumerateObject()) {
        if ($null -ne $Connection -and $Connection.Withheld -contains "$Name -$($member.Name)") { continue }
        $table[$member.Name] = New-Parameter -Cmdlet $cmdlet -Member $member -DefaultSet $default
    }
    $ParameterTables[$Name] = $table
    return , $table
}

function New-Parameter {
    param([Text.Json.JsonElement] $Cmdlet, [object] $Member, [string] $DefaultSet)

    $attributes = [Collections.ObjectModel.Collection[Attribute]]::new()
    foreach ($set in $Cmdlet.GetProperty('sets').EnumerateArray()) {
        $setName = $set.GetProperty('name').GetString()
        $sets = Get-DocumentedMember -Element $Member.Value -Name 'sets'
        if ($null -ne $sets -and @(foreach ($one in $sets.EnumerateArray()) { $one.GetString() }) -notcontains $setName) { continue }
        $attribute = [Management.Automation.ParameterAttribute]::new()
        $attribute.ParameterSetName = if ($setName -eq $DefaultSet) { 'Default' } else { $setName }
        $attribute.Mandatory = @(foreach ($one in $set.GetProperty('mandatory').EnumerateArray()) { $one.GetString() }) -contains $Member.Name
        $position = Get-DocumentedMember -Element $Member.Value -Name 'position'
        if ($null -ne $position) { $attribute.Position = $position.GetInt32() }
        $attributes.Add($attribute)
    }
    $aliases = Get-DocumentedMember -Element $Member.Value -Name 'aliases'
    if ($null -ne $aliases) {
        [string[]] $names = @(foreach ($one in $aliases.EnumerateArray()) { $one.GetString() })
        $attributes.Add([Management.Automation.AliasAttribute]::new($names))
    }
    $type = Get-ClientType -Name $Member.Value.GetProperty('type').GetString()
    return [Management.Automation.RuntimeDefinedParameter]::new($Member.Name, $type, $attributes)
}

function Get-ClientType {
    param([string] $Name)

    if ($ClientTypes.ContainsKey($Name)) { return $ClientTypes[$Name] }
    if ($Name.EndsWith('[]')) { return [string[]] }
    return [string]
}

# One body for every cmdlet; its name says which one it is.
$Body = {
    [CmdletBinding(DefaultParameterSetName = 'Default')]
    param()
    dynamicparam { Get-ParameterTable -Name $MyInvocation.MyCommand.Name }
    end {
        $name = $MyInvocation.MyCommand.Name
        $bound = $PSBoundParameters
        switch ($name) {
            'Connect-ExchangeOnline' { Connect-Tenant -Bound $bound }
            'Disconnect-ExchangeOnline' { Disconnect-Tenant }
            'Get-ConnectionInformation' { if ($null -ne $Connection) { $Connection.Information } }
            default { Invoke-TenantCmdlet -Name $name -Bound $bound }
        }
    }
}

function Connect-Tenant {
    [CmdletBinding()]
    param([Collections.IDictionary] $Bound)

    $signIn = Get-SignIn -Bound $Bound
    $reply = Send-Request -Path '/connect' -Content $signIn -Activity 'Connect-ExchangeOnline'
    if ($null -eq $reply) { return }
    if ($reply.Status -ne 200) {
        $PSCmdlet.ThrowTerminatingError((New-ModuleError -Message $reply.Body.message -Activity 'Connect-ExchangeOnline'))
    }
    Remove-ConnectedCmdlet
    [string[]] $commands = if ($Bound.ContainsKey('CommandName')) { $Bound['CommandName'] } else { @(foreach ($one in $Documented.EnumerateObject()) { $one.Name }) }
    $information = [pscustomobject]@{
        ConnectionId              = [guid]::NewGuid()
        State                     = 'Connected'
        TokenStatus               = 'Active'
        TokenExpiryTimeUTC        = [DateTimeOffset]::UtcNow.AddHours(1)
        CertificateAuthentication = $signIn.kind -eq 'certificate'
        Organization              = $signIn.organization
        AppId                     = $signIn.appId
        ModuleName                = $PSScriptRoot
        ModulePrefix              = ''
        PageSize                  = 1000
    }
    [string[]] $granted = $commands.Where({ $reply.Body.withheld -notcontains $_ })
    # The tables of an earlier connection may lack what this one has.
    $ParameterTables.Clear()
    $script:Connection = @{ Token = $reply.Body.token; Information = $information; Withheld = $reply.Body.withheld; Commands = Add-ConnectedCmdlet -Name $granted }
}

function Get-SignIn {
    param([Collections.IDictionary] $Bound)

    $signIn = @{ appId = [string] $Bound['AppId']; organization = [string] $Bound['Organization'] }
    if ($Bound.ContainsKey('Certificate')) {
        if (-not $Bound['Certificate'].HasPrivateKey) { throw [ArgumentException]::new('The certificate has no private key.') }
        $signIn.kind = 'certificate'
        $signIn.thumbprint = $Bound['Certificate'].Thumbprint
    } elseif ($Bound.ContainsKey('CertificateThumbprint')) {
        $signIn.kind = 'certificate'
        $signIn.thumbprint = $Bound['CertificateThumbprint']
    } elseif ($Bound.ContainsKey('CertificateFilePath')) {
        $signIn.kind = 'certificate'
    } elseif ($Bound.ContainsKey('ManagedIdentity')) {
        $signIn.kind = 'managed-identity'
    } elseif ($Bound.ContainsKey('AccessToken')) {
        $signIn.kind = 'access-token'
    } else {
        throw [InvalidOperationException]::new('No way to sign in without a person was given, and there is nobody to ask.')
    }
    return $signIn
}

# Cmdlets of the service exist only while there is a connection, and only those that were asked for.
function Add-ConnectedCmdlet {
    param([string[]] $Name)

    foreach ($one in $Name) {
        $known = @(foreach ($member in $Documented.EnumerateObject()) { $member.Name }) -eq $one
        if ($known.Count -eq 0 -or (Test-AlwaysThere -Name $known[0])) { continue }
        $null = $ExecutionContext.InvokeProvider.Item.Set("function:global:$($known[0])", $Body)
        $known[0]
    }
}

function Remove-ConnectedCmdlet {
    if ($null -eq $Connection) { return }
    # Without `global:`: the engine finds a function by a name with a scope, but does not remove it.
    foreach ($one in $Connection.Commands) { $ExecutionContext.InvokeProvider.Item.Remove("function:$one", $false) }
    $script:Connection = $null
}

function Disconnect-Tenant {
    [CmdletBinding()]
    param()

    if ($null -eq $Connection) { return }
    $null = Send-Request -Path '/disconnect' -Content @{} -Activity 'Disconnect-ExchangeOnline'
    Remove-ConnectedCmdlet
}

function Invoke-TenantCmdlet {
    [CmdletBinding()]
    param([string] $Name, [Collections.IDictionary] $Bound)

    if ($null -eq $Connection) {
        Write-ErrorMessage -Record (New-ModuleError -Message $NotConnected -Activity $Name)
        return
    }
    $parameters = @{}
    foreach ($key in $Bound.Keys) {
        if ($Documented.GetProperty($Name).GetProperty('parameters').TryGetProperty($key, [ref] [Text.Json.JsonElement]::new())) { $parameters[$key] = $Bound[$key] }
    }
    $reply = Send-Request -Path '/cmdlet' -Content @{ cmdlet = $Name; parameters = $parameters } -Activity $Name
    if ($null -eq $reply) { return }
    if ($reply.Status -eq 401) {
        Write-ErrorMessage -Record (New-ModuleError -Message $NotConnected -Activity $Name)
        return
    }
    foreach ($text in $reply.Body.warnings) { $PSCmdlet.WriteWarning($text) }
    foreach ($failure in $reply.Body.errors) { Write-ErrorMessage -Record (New-TenantError -Failure $failure -Reply $reply) }
    foreach ($object in $reply.Body.objects) { $PSCmdlet.WriteObject($object) }
}

# The real module writes its errors from a function of this name, and their ids end in it.
function Write-ErrorMessage {
    [CmdletBinding()]
    param([Management.Automation.ErrorRecord] $Record)

    $PSCmdlet.WriteError($Record)
}

function New-ModuleError {
    param([string] $Message, [string] $Activity)

    $record = [Management.Automation.ErrorRecord]::new([Exception]::new($Message), 'ModuleError', 'NotSpecified', $null)
    $record.CategoryInfo.Activity = $Activity
    return $record
}

function New-TenantError {
    param([object] $Failure, [object] $Reply)

    $exception = [Exception]::new($Failure.message)
    if ($Reply.Status -ne 200) { $exception.PSObject.Properties.Add([psnoteproperty]::new('Response', $Reply.Response)) }
    # The engine puts the name of the writing function behind the id.
    $id = $Failure.fullyQualifiedErrorId -replace ',Write-ErrorMessage$'
    $record = [Management.Automation.ErrorRecord]::new($exception, $id, $Failure.category, $null)
    $record.CategoryInfo.Reason = $Failure.reason
    $record.CategoryInfo.Activity = $Failure.activity
    return $record
}

# One request. Writes an error and returns nothing when there is no answer. Waits in slices, so that
# the command can be stopped.
function Send-Request {
    [CmdletBinding()]
    param([string] $Path, [object] $Content, [string] $Activity)

    $request = [Net.Http.HttpRequestMessage]::new('Post', [uri]::new([uri] $Tenant, $Path))
    if ($null -ne $Connection) { $null = $request.Headers.TryAddWithoutValidation('Authorization', "Bearer $($Connection.Token)") }
    $request.Content = [Net.Http.ByteArrayContent]::new((ConvertTo-JsonByte -Value $Content))
    $request.Content.Headers.ContentType = 'application/json'
    $stop = [Threading.CancellationTokenSource]::new()
    try {
        $sending = $Client.SendAsync($request, $stop.Token)
        while (-not ([IAsyncResult] $sending).AsyncWaitHandle.WaitOne(50)) { }
        if ($sending.IsFaulted) {
            $exception = $sending.Exception.InnerException
            $record = [Management.Automation.ErrorRecord]::new($exception, 'ConnectionLost', 'ConnectionError', $null)
            $record.CategoryInfo.Activity = $Activity
            $PSCmdlet.WriteError($record)
            return
        }
        $response = $sending.Result
        $text = $response.Content.ReadAsStringAsync().GetAwaiter().GetResult()
        $body = ConvertFrom-Element -Element ([Text.Json.JsonDocument]::Parse($text).RootElement)
        return [pscustomobject]@{ Status = [int] $response.StatusCode; Response = $response; Body = $body }
    } finally {
        $stop.Cancel()
    }
}

function ConvertTo-JsonByte {
    param([object] $Value)

    $buffer = [IO.MemoryStream]::new()
    $writer = [Text.Json.Utf8JsonWriter]::new($buffer)
    Write-JsonValue -Writer $writer -Value $Value
    $writer.Flush()
    return , $buffer.ToArray()
}

function Write-JsonValue {
    param([Text.Json.Utf8JsonWriter] $Writer, [object] $Value)

    if ($null -eq $Value) { $Writer.WriteNullValue(); return }
    if ($Value -is [bool] -or $Value -is [switch]) { $Writer.WriteBooleanValue([bool] $Value); return }
    if ($Value -is [int] -or $Value -is [uint] -or $Value -is [long]) { $Writer.WriteNumberValue([long] $Value); return }
    if ($Value -is [datetime]) { $Writer.WriteStringValue($Value.ToUniversalTime().ToString('o')); return }
    if ($Value -is [Collections.IDictionary]) {
        $Writer.WriteStartObject()
        foreach ($key in $Value.Keys) { $Writer.WritePropertyName([string] $key); Write-JsonValue -Writer $Writer -Value $Value[$key] }
        $Writer.WriteEndObject(); return
    }
    if ($Value -is [Collections.IEnumerable] -and $Value -isnot [string]) {
        $Writer.WriteStartArray()
        foreach ($one in $Value) { Write-JsonValue -Writer $Writer -Value $one }
        $Writer.WriteEndArray(); return
    }
    $Writer.WriteStringValue([string] $Value)
}

function ConvertFrom-Element {
    param([Text.Json.JsonElement] $Element)

    switch ($Element.ValueKind) {
        'String' { return $Element.GetString() }
        'True' { return $true }
        'False' { return $false }
        'Number' { return $Element.GetInt64() }
        'Array' {
            $list = [Collections.ArrayList]::new()
            foreach ($one in $Element.EnumerateArray()) { $null = $list.Add((ConvertFrom-Element -Element $one)) }
            return , $list
        }
        'Object' {
            $date = Get-DocumentedMember -Element $Element -Name '$date'
            if ($null -ne $date) { return $date.GetDateTime() }
            $bytes = Get-DocumentedMember -Element $Element -Name '$bytes'
            if ($null -ne $bytes) { return [ByteQuantifiedSize]::new($bytes.GetInt64(), $Element.GetProperty('text').GetString()) }
            $long = Get-DocumentedMember -Element $Element -Name '$long'
            if ($null -ne $long) { return [ulong] $long.GetString() }
            $object = [pscustomobject]@{}
            foreach ($member in $Element.EnumerateObject()) {
                $object.PSObject.Properties.Add([psnoteproperty]::new($member.Name, (ConvertFrom-Element -Element $member.Value)))
            }
            return $object
        }
        default { return $null }
    }
}

# The connection cmdlets and the Get-EXO ones come with the module, not with the connection.
function Test-AlwaysThere {
    param([string] $Name)

    return $Name -like 'Get-EXO*' -or $Name -in 'Connect-ExchangeOnline', 'Disconnect-ExchangeOnline', 'Get-ConnectionInformation'
}

$exported = @(foreach ($member in $Documented.EnumerateObject()) {
    if (Test-AlwaysThere -Name $member.Name) {
        $null = $ExecutionContext.InvokeProvider.Item.Set("function:script:$($member.Name)", $Body)
        $member.Name
    }
})
$ExecutionContext.SessionState.Module.OnRemove = { Remove-ConnectedCmdlet }
Export-ModuleMember -Function $exported
