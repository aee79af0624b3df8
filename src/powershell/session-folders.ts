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
    if (pid !== undefined && !isAlive(Number(pid))) {
      rmSync(join(temporary, name), { recursive: true, force: true });
    }
  }
  return mkdtempSync(join(temporary, `${PREFIX}${process.pid}-`));
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
