import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PREFIX = 'exo-';

/**
 * Makes the folder that holds the folders of this process's sessions, and deletes those that killed
 * processes left behind: the name tells whose it is.
 */
export function openSessionFolders(temporary: string): string {
  for (const name of readdirSync(temporary)) {
    const pid = /^exo-(\d+)-/.exec(name)?.[1];
    const folder = join(temporary, name);
    if (pid !== undefined && isLeftBehind(folder, Number(pid))) {
      removeIfOurs(folder);
    }
  }
  return mkdtempSync(join(temporary, `${PREFIX}${process.pid}-`));
}

/** In a container every start may get the same number: then the folder's age tells. */
function isLeftBehind(folder: string, pid: number): boolean {
  if (pid !== process.pid) {
    return !isAlive(pid);
  }
  const changedAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
  return changedAt !== undefined && changedAt < performance.timeOrigin;
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
