import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { brakeSettings } from '../../src/offboarding/brakes.ts';
import { workflowPolicy } from '../../src/offboarding/policy.ts';
import type { Exchange, Runs } from '../../src/offboarding/ports.ts';
import type { PreviewRequest } from '../../src/offboarding/preview.ts';
import { createPlanner } from '../../src/service/planner.ts';
import { address, found, LEAVER, SmallTenant } from '../offboarding/small-tenant.ts';

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

function planner(
  exchange: Exchange | ((signal: AbortSignal) => Exchange),
  withinMs = 60_000,
  brakes: object = {},
) {
  const entry = { policy, workflow: { id: 'w', name: 'Person leaves' } };
  return createPlanner({
    directory: { find: async () => [entry], check: async () => [] },
    runs: NO_RUN,
    exchangeFor: (_log, signal) => (typeof exchange === 'function' ? exchange(signal) : exchange),
    brakes: brakeSettings.parse(brakes),
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

test('whom the brakes protect is said, by whichever address', async () => {
  const tenant = new SmallTenant();
  tenant.resolutions.set('lee@example.org', found(LEAVER, 'lee.oneil@example.org'));
  const brakes = { neverTouch: ['Lee.ONeil@example.org'], allowedDomains: ['example.org'] };
  const plan = await planner(tenant, 60_000, brakes)(REQUEST);
  assert.deepEqual([plan.stopped, plan.findings[0]?.code], [true, 'never-touch']);
  const foreign = await planner(tenant, 60_000, { allowedDomains: ['example.com'] })(REQUEST);
  assert.deepEqual([foreign.stopped, foreign.findings[0]?.code], [true, 'foreign-domain']);
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
