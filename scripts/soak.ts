import { spawnSync } from 'node:child_process';

/** The long forms of the simulation and of the kills, one after the other. What is set already stays. */
const environment = { SIMULATION_SEEDS: '10000', CRASH_KILLS: '200', ...process.env };
const FILES = ['test/simulation/simulation.test.ts', 'test/e2e/kills.test.ts'];

const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=1', '--test-timeout=1200000', ...FILES],
  { env: environment, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
