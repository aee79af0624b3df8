import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX = 'exo-';

/**
 * Makes the folder that holds the folders of this process's sessions, and deletes those that killed
 * processes left behind: the name tells whose it is.
 */
export function openSessionFolders(temporary: string): string {
  for (const name of readdirSync(temporary)) {
    const pid = /^exo-(\d+)-/.exec(name)?.[1];
    // Our own number, too: in a container every start may get the same, and our folder is yet to come.
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)))) {
      removeIfOurs(join(temporary, name));
    }
  }
  return mkdtempSync(join(temporary, `${PREFIX}${process.pid}-`));
}

/** Whoever owns a folder we may not delete may keep it: it must not keep us from starting. */
function removeIfOurs(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) {
      throw error;
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but is somebody else's.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
