import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { ServiceError } from '../errors.ts';

/** The full path of a program as a session would find it; undefined if it is not there. */
export function programOnPath(program: string, searchPath: string): string | undefined {
  const folders = isAbsolute(program) ? [''] : searchPath.split(delimiter);
  const endings = process.platform === 'win32' ? ['', '.exe'] : [''];
  return folders
    .flatMap((folder) => endings.map((ending) => join(folder, program + ending)))
    .find(isExecutable);
}

/**
 * The full path of a program as a session would find it. Throws `powershell.not-installed` with the
 * cure: a missing program is otherwise only seen as a session that ends at once.
 */
export function findProgram(program: string, searchPath: string): string {
  const found = programOnPath(program, searchPath);
  if (found === undefined) {
    throw new ServiceError(
      'powershell.not-installed',
      `${program} was not found; install PowerShell 7.4 or newer ` +
        '(https://learn.microsoft.com/powershell/scripting/install/installing-powershell) ' +
        'or name the program in powershell.command',
      { facts: { program } },
    );
  }
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there or not allowed: either way no program for us.
    return false;
  }
}
