import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call } from '../../src/cmdlets/call.ts';
import { type ErrorCode, ServiceError } from '../../src/errors.ts';
import type { Change } from '../../src/offboarding/operations/operation.ts';
import { type Outcome, outcomeOf } from '../../src/offboarding/outcome.ts';
import { guid } from './small-tenant.ts';

const CHANGE: Change = {
  id: 'x',
  operation: 'x',
  sentence: 'x',
  call: call('Set-Mailbox', { Identity: guid(1), Type: 'Shared', Confirm: false }),
  required: true,
  tolerates: ['exchange.synchronised'],
};

const ROWS: readonly [ErrorCode, Outcome['kind']][] = [
  ['exchange.synchronised', 'skipped'],
  ['exchange.access-denied', 'failed'],
  ['exchange.not-found', 'failed'],
  ['exchange.ambiguous', 'failed'],
  ['exchange.quota', 'failed'],
  ['exchange.throttled', 'retryable'],
  ['exchange.session-gone', 'retryable'],
  ['powershell.overloaded', 'retryable'],
  ['powershell.unavailable', 'retryable'],
  ['exchange.server-trouble', 'unknown'],
  ['exchange.unclassified', 'unknown'],
  ['powershell.timed-out', 'unknown'],
  ['powershell.session-lost', 'unknown'],
  ['powershell.cancelled', 'unknown'],
];
for (const [code, kind] of ROWS) {
  test(`a change whose call ends with ${code} is ${kind}`, () => {
    assert.equal(outcomeOf(CHANGE, new ServiceError(code, 'x')).kind, kind);
  });
}

test('an error nobody named leaves the outcome unknown', () => {
  assert.deepEqual(outcomeOf(CHANGE, new TypeError('x')), {
    kind: 'unknown',
    code: 'service.internal',
    message: 'x',
  });
});

test('how long to wait is kept', () => {
  const error = new ServiceError('exchange.throttled', 'slow down', { retryAfterMs: 7_000 });
  assert.deepEqual(outcomeOf(CHANGE, error), {
    kind: 'retryable',
    code: 'exchange.throttled',
    message: 'slow down',
    afterMs: 7_000,
  });
});
