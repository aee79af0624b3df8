import { findEngine } from './engine.ts';

/** Builds the engine's host once, before several test files want it at the same time. */
const engine = findEngine();
console.log(`PowerShell engine for the tests: ${engine?.name ?? 'none; these tests are skipped'}`);
