import { programOnPath } from '../../powershell/program.ts';
import { bad, type Finding, good } from './finding.ts';

/** Node itself was seen to by the launcher; here is told which one it is. */
export function checkNode(): Finding {
  return good('Node', process.versions.node);
}

/** Only that the program is there: its version is known once a session has greeted. */
export function checkProgram([program]: readonly [string, ...string[]], path: string): Finding {
  const found = programOnPath(program, path);
  return found === undefined
    ? bad(
        'PowerShell',
        `${program} was not found`,
        'install PowerShell 7.4 or newer, or name the program in powershell.command',
      )
    : good('PowerShell', found);
}
