#!/usr/bin/env node
import { COMMANDS } from './commands.ts';
import { runProgram } from './program.ts';

await runProgram(COMMANDS, process.argv.slice(2));
