import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { workflowPolicy } from '../../src/offboarding/policy.ts';
import type { Exchange, Runs } from '../../src/offboarding/ports.ts';
import type { PreviewRequest } from '../../src/offboarding/preview.ts';
import { createPlanner } from '../../src/service/planner.ts';
import { address, SmallTenant } from '../offboarding/small-tenant.ts';

const policy = workflowPolicy.parse({
  workflow: 'Person leaves',
  operations: { 'delegate-access': {}, 'convert-to-shared': {} },
});
const REQUEST: PreviewRequest = {
  workflowId: 'w',
  step: 'Signal',
  about: { email: address('lee@example.org') },
};
const NO_RUN: Pick<Runs, 'read' | 'search'> = {
  read: () => Promise.reject(new Error('no run is known')),
  search: async () => ({ kind: 'none' }),
};

function planner(exchange: Exchange | ((signal: AbortSignal) => Exchange), withinMs = 60_000) {
  const entry = { policy, workflow: { id: 'w', name: 'Person leaves' } };
  return createPlanner({
    directory: { find: async () => [entry], check: async () => [] },
    runs: NO_RUN,
    exchangeFor: (_log, signal) => (typeof exchange === 'function' ? exchange(signal) : exchange),
    log: pino({ level: 'silent' }),
    now: () => 0,
    withinMs,
  });
}

test('a plan reads and changes nothing', async () => {
  const tenant = new SmallTenant();
  const plan = await planner(tenant)({
    ...REQUEST,
    about: { email: address('lee@example.org'), managerEmail: address('max@example.org') },
  });
  assert.deepEqual(
    plan.changes.map(({ cmdlet }) => cmdlet),
    ['Add-MailboxPermission', 'Add-RecipientPermission', 'Set-Mailbox'],
  );
  assert.deepEqual([tenant.applied, plan.stopped, plan.exchangeCalls], [[], false, tenant.calls]);
});

test('without a run nobody is taken for the manager', async () => {
  const plan = await planner(new SmallTenant())(REQUEST);
  assert.deepEqual(
    plan.findings.map(({ code }) => code),
    ['manager-none'],
  );
});

test('who has no mailbox is said, and that everything would stop', async () => {
  const tenant = new SmallTenant();
  tenant.resolutions.clear();
  const plan = await planner(tenant)(REQUEST);
  assert.deepEqual([plan.stopped, plan.findings[0]?.code], [true, 'mailbox-missing']);
});

test('more plans than a few at once are refused, and afterwards there is room again', async () => {
  const tenant = new SmallTenant();
  const gate = Promise.withResolvers<void>();
  const resolve = tenant.resolve.bind(tenant);
  tenant.resolve = async (addresses) => {
    await gate.promise;
    return resolve(addresses);
  };
  const plan = planner(tenant);
  const both = [plan(REQUEST), plan(REQUEST)];
  await assert.rejects(plan(REQUEST), { code: 'http.unavailable' });
  gate.resolve();
  await Promise.all(both);
  assert.equal((await plan(REQUEST)).stopped, false);
});

test('a plan that takes too long is given up', async () => {
  const stuck = (signal: AbortSignal): Exchange =>
    Object.assign(new SmallTenant(), {
      resolve: () =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    });
  await assert.rejects(planner(stuck, 10)(REQUEST), { code: 'http.unavailable' });
});
