/**
 * Which PowerShell the module needs, newest first: "PowerShell versions and the Exchange Online module" on
 * https://learn.microsoft.com/powershell/exchange/exchange-online-powershell-v2
 */
const NEEDS = [
  { module: '3.10.0', shell: '7.6.0' },
  { module: '3.5.0', shell: '7.4.0' },
] as const;

/**
 * Why this module can't be used on this PowerShell, with what to install; undefined if it can. Versions as
 * the engine gives them: `3.9.2`, `7.6.0-preview.4`.
 */
export function unsuitable(module: string, shell: string): string | undefined {
  const need = NEEDS.find((one) => isAtLeast(module, one.module));
  if (need === undefined) {
    return `version ${module} of the module is too old: install 3.5.0 or newer`;
  }
  return isAtLeast(shell, need.shell)
    ? undefined
    : `version ${module} of the module needs PowerShell ${short(need.shell)}, this is ${shell}: ` +
        `install PowerShell ${short(need.shell)} or newer, or version 3.9.2 of the module`;
}

function isAtLeast(version: string, wanted: string): boolean {
  const given = numbersOf(version);
  const [index, number] =
    [...numbersOf(wanted).entries()].find(([at, one]) => one !== (given[at] ?? 0)) ?? [];
  return index === undefined || number === undefined || (given[index] ?? 0) > number;
}

function numbersOf(version: string): readonly number[] {
  const [release = ''] = version.split('-');
  return release.split('.').map(Number);
}

function short(version: string): string {
  return version.replace(/\.0$/, '');
}
