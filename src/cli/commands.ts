import { registerBackup } from './backup.ts';
import { registerCert } from './cert.ts';
import { registerCheck } from './check.ts';
import { registerDemo } from './demo.ts';
import { registerImportScript } from './import-script.ts';
import { registerInit } from './init.ts';
import { registerJobs } from './jobs.ts';
import { registerPause } from './pause.ts';
import { registerPermissions } from './permissions.ts';
import { registerPlan } from './plan.ts';
import { registerPoll } from './poll.ts';
import type { Register } from './program.ts';
import { registerSandbox } from './sandbox.ts';
import { registerServe } from './serve.ts';
import { registerUndo } from './undo.ts';

/** Every command there is, in the order of the help. A new one is one file and one line here. */
export const COMMANDS: readonly Register[] = [
  registerInit,
  registerImportScript,
  registerCert,
  registerPermissions,
  registerCheck,
  registerServe,
  registerPlan,
  registerPoll,
  registerJobs,
  registerUndo,
  registerPause,
  registerBackup,
  registerDemo,
  registerSandbox,
];
