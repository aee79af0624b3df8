# Stands in for the real module in a rehearsal: forwards cmdlets to a simulated tenant.
@{
    RootModule        = 'ExchangeOnlineManagement.psm1'
    ModuleVersion     = '3.9.2'
    GUID              = '5c2a3f0e-8a44-4a3c-9c1e-7f3f6f0f9b11'
    Author            = 'exo-bridge'
    Description       = 'Stand-in for ExchangeOnlineManagement, for rehearsals. Not the real module.'
    PowerShellVersion = '7.4'
    # Named one by one in the script: which Get-EXO cmdlets there are is data.
    FunctionsToExport = '*'
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
