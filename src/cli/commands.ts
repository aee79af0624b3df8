import { registerCert } from './cert.ts';
import { registerDemo } from './demo.ts';
import { registerPlan } from './plan.ts';
import type { Register } from './program.ts';
import { registerSandbox } from './sandbox.ts';
import { registerServe } from './serve.ts';
import { registerUndo } from './undo.ts';

/** Every command there is, in the order of the help. A new one is one file and one line here. */
export const COMMANDS: readonly Register[] = [
  registerCert,
  registerServe,
  registerPlan,
  registerUndo,
  registerDemo,
  registerSandbox,
];
