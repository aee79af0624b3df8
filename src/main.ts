import { runProgram } from './cli/program.ts';
import { registerServe } from './cli/serve.ts';

/** `exo-bridge serve` without the other commands: for whoever supervises the service. */
await runProgram([registerServe], ['serve', ...process.argv.slice(2)]);
