import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { EMPTY_REPORT } from '../../src/offboarding/report.ts';
import { undo, undoable } from '../../src/offboarding/undo.ts';
import { stateOf } from '../../src/sandbox/tenant/state.ts';
import { LEE, MAX, offboardOn, undoOn } from '../support/one-leaver.ts';
import { exchangeOn, openTenant } from '../support/tenant-exchange.ts';

const EVERYTHING = {
  'delegate-access': { sendOnBehalf: true },
  'leave-groups': { securityGroups: true },
  'convert-to-shared': {},
};

test('a leaver offboarded by mistake gets everything back', async () => {
  const tenant = openTenant();
  const before = stateOf(tenant.truth, LEE);
  const { ending, report } = await offboardOn(tenant, EVERYTHING);
  assert.equal(ending, 'continue');
  assert.notDeepEqual(stateOf(tenant.truth, LEE), before);
  const undone = await undoOn(tenant, report);
  assert.equal(undone.ending, 'done');
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
  assert.deepEqual(
    undone.report.findings.map(({ code }) => code),
    ['undo-needs-licence'],
  );
});

test('an undo twice changes nothing the second time', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, EVERYTHING);
  await undoOn(tenant, report);
  const again = await undoOn(tenant, report);
  assert.equal(again.ending, 'done');
  assert.deepEqual(again.report.plan, []);
});

test('an undo touches only what the job made', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, { 'delegate-access': { sendAs: false } });
  const [lee] = tenant.truth.named(LEE);
  const [max] = tenant.truth.named(MAX);
  // A right that was given by hand afterwards.
  lee?.sendAs.add(max?.guid ?? '');
  await undoOn(tenant, report);
  const [state] = stateOf(tenant.truth, LEE);
  assert.deepEqual([state?.fullAccess, state?.sendAs], [[], [MAX]]);
});

test('a change that was there before is not taken back', async () => {
  const tenant = openTenant();
  const [lee] = tenant.truth.named(LEE);
  const [max] = tenant.truth.named(MAX);
  lee?.sendAs.add(max?.guid ?? '');
  const { report } = await offboardOn(tenant, { 'delegate-access': {} });
  await undoOn(tenant, report);
  assert.deepEqual(stateOf(tenant.truth, LEE)[0]?.sendAs, [MAX]);
});

test('the image of the first attempt counts, whatever later ones saw', async () => {
  const tenant = openTenant();
  tenant.faults.order([{ kind: 'throttled', cmdlet: 'Set-Mailbox', after: 0, times: 1 }]);
  const before = stateOf(tenant.truth, LEE);
  const first = await offboardOn(tenant, EVERYTHING);
  assert.equal(first.ending, 'exchange.throttled');
  const second = await offboardOn(tenant, EVERYTHING, { report: first.report });
  assert.equal(second.ending, 'continue');
  await undoOn(tenant, second.report);
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('whoever decides on an undo is told, change by change, what does not come back', async () => {
  const tenant = openTenant();
  const operations = {
    'mobile-devices': { wipe: 'account' },
    'cancel-meetings': { days: 30 },
    'convert-to-shared': {},
  };
  const wiping = await offboardOn(tenant, operations);
  for (let read = 0; read < 20; read += 1) {
    tenant.run('Get-AcceptedDomain', {});
  }
  // By now the devices have acknowledged their wipes, and their partnerships go.
  const { report } = await offboardOn(tenant, operations, { report: wiping.report });
  const { reversible, irreversible } = undoable(report);
  assert.deepEqual(
    [reversible, irreversible].map((some) => some.map((sentence) => sentence.split(' ')[0])),
    [
      ['Wipe', 'Wipe', 'Make'],
      ['Cancel', 'Remove', 'Remove'],
    ],
  );
});

test('a job that changed nothing has nothing to undo', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, { 'delegate-access': {} }, { manager: LEE });
  assert.equal((await undoOn(tenant, report)).ending, 'done');
});

test('changes that were not read back are given time to be seen before they are taken back', async () => {
  const tenant = openTenant();
  tenant.faults.order([{ kind: 'no-answer', cmdlet: 'Set-Mailbox', after: 0, times: 1 }]);
  const { report } = await offboardOn(tenant, EVERYTHING);
  const parts = { exchange: exchangeOn(tenant), log: pino({ level: 'silent' }) };
  const conclusion = await undo(
    { report: EMPTY_REPORT, signal: new AbortController().signal, save: async () => undefined },
    report,
    { ...parts, now: () => 1_000, pause: async () => undefined },
  );
  assert.equal(conclusion.kind, 'later');
  assert.equal(conclusion.kind === 'later' && conclusion.afterMs, 59_000);
});
