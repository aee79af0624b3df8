import { connect } from 'node:net';
import { ExchangeModule } from './stand-in/exchange-module.ts';
import { StandInWorker } from './stand-in/worker.ts';

/**
 * Stands in for `pwsh -NoLogo … -File worker.ps1` where no PowerShell is installed: it speaks the
 * worker's frames, knows the cmdlets of the simulated tenant and nothing else.
 *
 *   SESSION_CHANNEL, SESSION_TOKEN   the service's socket and proof, removed at once
 *   EXO_SANDBOX_TENANT               address of the simulated tenant
 */
function takeVariable(name: string): string {
  const value = process.env[name];
  delete process.env[name];
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set: only the service starts this program`);
  }
  return value;
}

// As pwsh's worker does: an interrupt must not look like success.
process.on('SIGINT', () => process.exit(130));

try {
  const channel = takeVariable('SESSION_CHANNEL');
  const token = takeVariable('SESSION_TOKEN');
  const socket = connect(channel);
  const worker = new StandInWorker(socket, new ExchangeModule(takeVariable('EXO_SANDBOX_TENANT')));
  socket.once('connect', () => worker.greet(token));
  await worker.done;
  process.exit(0);
} catch (error) {
  // The type only: a parser's message may quote what it read.
  console.error(`worker failed: ${error instanceof Error ? error.name : 'unknown'}`);
  process.exit(1);
}
