import { test } from 'node:test';
import { STAND_IN } from '../../src/sandbox/rehearsal.ts';
import { findEngine } from '../support/engine.ts';
import { describeFrames } from './frames-contract.ts';
import { describeWorker } from './worker-contract.ts';

describeFrames(STAND_IN.name, STAND_IN.command);

const engine = findEngine();
if (engine === undefined) {
  test('the worker on a PowerShell engine', {
    skip: 'neither pwsh nor a .NET SDK is installed here',
  });
} else {
  describeFrames(engine.name, engine.command);
  describeWorker(engine);
}
