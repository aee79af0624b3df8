import { resolve } from 'node:path';
import { test } from 'node:test';
import { findEngine } from '../support/engine.ts';
import { describeStandIn } from './stand-in-contract.ts';

describeStandIn({
  name: 'the stand-in for pwsh',
  command: [process.execPath, resolve('src/sandbox/pwsh-stand-in.ts')],
});

const engine = findEngine();
if (engine === undefined) {
  test('Exchange through the stand-in module', {
    skip: 'neither pwsh nor a .NET SDK is installed here',
  });
} else {
  describeStandIn({ ...engine, name: `the stand-in module on ${engine.name}` });
}
