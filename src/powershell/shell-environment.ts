/** What a session may inherit: nothing else of the service's environment reaches it. */
const INHERITED = [
  'PATH',
  'HOME',
  'PSModulePath',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  // Windows does not start a program without these.
  'SystemRoot',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramFiles',
];

/** Why each is there: docs/design.md, "PowerShell". Memory limits of .NET are hexadecimal. */
const FIXED = {
  LANG: 'C.UTF-8',
  NO_COLOR: '1',
  POWERSHELL_TELEMETRY_OPTOUT: '1',
  // Otherwise every pwsh opens a pipe through which the same user can enter it (from 7.6).
  POWERSHELL_DIAGNOSTICS_OPTOUT: '1',
  POWERSHELL_UPDATECHECK: 'Off',
  DOTNET_EnableDiagnostics: '0',
  DOTNET_gcServer: '0',
  DOTNET_GCHeapHardLimit: '0x20000000',
  DOTNET_TieredPGO: '0',
} as const;

/**
 * The environment of a session: an allow list of the service's own, fixed settings, the
 * administrator's additions, and a private folder for temporary files.
 */
export function shellEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  additional: Readonly<Record<string, string>>,
  directory: string,
): Readonly<Record<string, string>> {
  const kept = INHERITED.flatMap((name) => {
    const value = inherited[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const temporary = { TMPDIR: directory, TEMP: directory, TMP: directory };
  return { ...Object.fromEntries(kept), ...FIXED, ...additional, ...temporary };
}
