/** What a command says at its end; the first two as every program, the others as sysexits.h and shells. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  /** No restart will help. */
  configuration: 78,
  /** By Ctrl-C. */
  interrupted: 130,
} as const;
