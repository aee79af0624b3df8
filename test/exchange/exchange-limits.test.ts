import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { call } from '../../src/cmdlets/call.ts';
import { ServiceError } from '../../src/errors.ts';
import { createExchange } from '../../src/exchange/exchange.ts';
import type { CommandRequest } from '../../src/powershell/frames.ts';
import type { CommandLimits, CommandOutcome } from '../../src/powershell/sessions.ts';
import { address, guid } from '../offboarding/small-tenant.ts';

type Run = (request: CommandRequest, limits: CommandLimits) => Promise<CommandOutcome>;

function exchangeOver(run: Run) {
  const limits = { readTimeoutMs: 1, writeTimeoutMs: 2 };
  const parts = { log: pino({ level: 'silent' }), signal: new AbortController().signal };
  return createExchange({ run }, limits, parts);
}
const NOTHING: CommandOutcome = { kind: 'completed', rows: [], warnings: [] };
const READ = call('Get-Mailbox', { Identity: guid(1) });
const WRITE = call('Set-Mailbox', { Identity: guid(1), Type: 'Shared', Confirm: false });

for (const code of [
  'powershell.timed-out',
  'powershell.session-lost',
  'powershell.cancelled',
  'powershell.overloaded',
] as const) {
  test(`${code} passes through unchanged: only the session knows what it means`, async () => {
    const lost = new ServiceError(code, 'from the session');
    const exchange = exchangeOver(async () => {
      throw lost;
    });
    await assert.rejects(exchange.read(READ), (error) => error === lost);
    await assert.rejects(exchange.apply(WRITE), (error) => error === lost);
  });
}

test('reads and writes have deadlines of their own', async () => {
  const deadlines: number[] = [];
  const exchange = exchangeOver(async (_request, { timeoutMs }) => {
    deadlines.push(timeoutMs);
    return NOTHING;
  });
  await exchange.read(READ);
  await exchange.apply(WRITE);
  assert.deepEqual(deadlines, [1, 2]);
});

test('rows that came before an error are no answer', async () => {
  const error = {
    message: 'Something new.',
    exceptionType: 'System.Exception',
    innerTypes: [],
    fullyQualifiedErrorId: '',
    category: '',
    reason: '',
    activity: '',
    targetName: '',
  };
  const exchange = exchangeOver(async () => ({ ...NOTHING, kind: 'failed', error, rows: [{}] }));
  await assert.rejects(exchange.read(READ), { code: 'exchange.unclassified' });
});

test('many addresses are asked for ten at a time, each once', async () => {
  const filters: string[] = [];
  const exchange = exchangeOver(async ({ parameters }) => {
    filters.push(String(parameters['Filter']));
    return NOTHING;
  });
  const some = Array.from({ length: 21 }, (_, index) => address(`p${index}@example.org`));
  const found = await exchange.resolve([...some, ...some]);
  assert.deepEqual(
    filters.map((filter) => filter.split(' -or ').length),
    [10, 10, 1],
  );
  assert.equal(found.size, 21);
  assert.equal(exchange.calls, 3);
});
