import { test } from 'node:test';
import { findEngine } from '../support/engine.ts';
import { describeWorker } from './worker-contract.ts';

const engine = findEngine();
if (engine === undefined) {
  test('the worker on a PowerShell engine', {
    skip: 'neither pwsh nor a .NET SDK is installed here',
  });
} else {
  describeWorker(engine);
}
