import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { bad, type Finding, good, warning } from './finding.ts';

const GIGABYTE = 1024 ** 3;
/** A queue of a year is far smaller: less than this is a disk that something else fills. */
const LEAST_BYTES = GIGABYTE / 10;

/** Where the queue is kept: personal data, which nobody else should read. */
export function checkDataFolder(folder: string): Finding {
  const what = 'Data folder';
  const place = nearestFolder(folder);
  if (!isWritable(place)) {
    return bad(
      what,
      `${place} cannot be written by this user`,
      `chown it to the user of the service`,
    );
  }
  if (place !== folder) {
    return good(what, `${folder} is made at the first start`);
  }
  const mode = othersBits(folder);
  return mode === 0
    ? good(what, folder)
    : warning(
        what,
        `${folder} can be entered by others`,
        `it holds personal data: chmod 700 ${folder}`,
      );
}

/** Whoever can change the configuration decides whom the app gives access to. */
export function checkConfigFile(file: string): Finding {
  const what = 'Configuration file';
  return (othersBits(file) & 0o022) === 0
    ? good(what, file)
    : bad(what, `${file} can be changed by others`, `chmod go-w ${file}`);
}

export function checkDisk(folder: string): Finding {
  const what = 'Disk';
  const { bavail, bsize } = statfsSync(nearestFolder(folder));
  const free = bavail * bsize;
  const seen = `${(free / GIGABYTE).toFixed(1)} GB free`;
  if (free < LEAST_BYTES) {
    return bad(what, seen, 'free some space: without it no webhook can be accepted');
  }
  return free < GIGABYTE
    ? warning(what, seen, 'free some space, or move dataDirectory')
    : good(what, seen);
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    // Whatever the reason, the service could not write there either.
    return false;
  }
}

/** What group and others may do; nothing on Windows, which has no such bits. */
function othersBits(path: string): number {
  return process.platform === 'win32' ? 0 : statSync(path).mode & 0o077;
}
