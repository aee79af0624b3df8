import { readFileSync } from 'node:fs';

/** Whether a process runs; one that has ended but was not fetched by its parent yet does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
