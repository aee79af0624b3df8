import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const DISABLE = { 'inbox-rules': {} };
const REMOVE = { 'inbox-rules': { action: 'remove' } };

function mailbox(tenant: Tenant) {
  return tenant.truth.named(LEE)[0]?.mailbox ?? assert.fail('the leaver has no mailbox');
}

/** Name by name, whether it is enabled. */
function rules(tenant: Tenant) {
  return Object.fromEntries(mailbox(tenant).rules.map(({ name, isEnabled }) => [name, isEnabled]));
}

function addRule(tenant: Tenant, part: { name: string; definition: object }, id: string): void {
  const [first] = mailbox(tenant).rules;
  mailbox(tenant).rules.push({
    ...(first ?? assert.fail('there are no rules')),
    isHidden: true,
    isEnabled: true,
    id,
    name: part.name,
    definition: { ...part.definition },
  });
}

test('enabled rules are disabled and an undo enables just these again; what Exchange needs itself stays', async () => {
  const tenant = openTenant();
  addRule(
    tenant,
    { name: 'Microsoft.Exchange.OOF.AllExternalSenders.Global', definition: {} },
    '7',
  );
  addRule(tenant, { name: 'Hidden', definition: { DeleteMessage: true } }, '8');
  const before = rules(tenant);
  const { ending, report } = await offboardOn(tenant, DISABLE);
  assert.equal(ending, 'continue');
  assert.deepEqual(rules(tenant), {
    ...before,
    Invoices: false,
    'Copy home': false,
    Hidden: false,
  });
  assert.deepEqual((await offboardOn(tenant, DISABLE)).report.plan, []);
  const undone = await undoOn(tenant, report);
  const codes = undone.report.findings.map(({ code }) => code);
  assert.deepEqual([undone.ending, codes], ['done', ['outlook-rules-lost']]);
  assert.deepEqual(rules(tenant), before);
});

test('what sends messages outside is told, and that rules of Outlook alone are lost', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, DISABLE);
  assert.deepEqual(
    report.findings.map(({ code, sentence }) => [code, /lee\.private@mail/.test(sentence)]),
    [
      ['rule-sends-outside', true],
      ['outlook-rules-lost', false],
    ],
  );
  assert.deepEqual(mailbox(tenant).outlookRules, []);
  assert.match(JSON.stringify(report.before), /the subject includes 'invoice'/);
});

for (const code of ['rule-sends-outside', 'outlook-rules-lost']) {
  test(`nothing is changed where the policy says stop for ${code}`, async () => {
    const tenant = openTenant();
    const before = stateOf(tenant.truth, LEE);
    const { ending } = await offboardOn(tenant, DISABLE, { findings: { [code]: 'stop' } });
    assert.equal(ending, 'offboarding.stopped-by-finding');
    assert.deepEqual(stateOf(tenant.truth, LEE), before);
  });
}

test('two rules of one name are told apart by their numbers', async () => {
  const tenant = openTenant();
  addRule(tenant, { name: 'Invoices', definition: { MarkAsRead: true } }, '18446744073709551615');
  const { ending } = await offboardOn(tenant, DISABLE);
  assert.equal(ending, 'continue');
  assert.ok(mailbox(tenant).rules.every(({ name, isEnabled }) => !isEnabled || /Junk/.test(name)));
});

test('removed rules are gone; an undo says so, and the report keeps their definitions', async () => {
  const tenant = openTenant();
  const { ending, report } = await offboardOn(tenant, REMOVE);
  assert.deepEqual([ending, Object.keys(rules(tenant))], ['continue', ['Junk E-Mail Rule']]);
  const undone = await undoOn(tenant, report);
  assert.deepEqual(
    undone.report.findings.map(({ sentence }) => sentence),
    ['Invoices', 'Copy home', 'Holiday cover'].map(
      (name) => `Cannot be taken back: Remove the rule "${name}".`,
    ),
  );
  assert.match(JSON.stringify(report.before), /redirect the message to/);
});

test('a rule that somebody removed since is not enabled again, and an undo says so', async () => {
  const tenant = openTenant();
  const { report } = await offboardOn(tenant, DISABLE);
  mailbox(tenant).rules = mailbox(tenant).rules.filter(({ name }) => name !== 'Invoices');
  const undone = await undoOn(tenant, report);
  assert.deepEqual(
    undone.report.findings.map(({ code }) => code),
    ['rule-gone', 'outlook-rules-lost'],
  );
  assert.equal(rules(tenant)['Copy home'], true);
});

test('a lost answer, a refusal and a late reading end in disabled rules, or in the open', async () => {
  const lost = openTenant({ visibilityLagReads: 2 });
  lost.faults.order([{ kind: 'no-answer', cmdlet: 'Disable-InboxRule', after: 0, times: 1 }]);
  const first = await offboardOn(lost, DISABLE);
  const second = await offboardOn(lost, DISABLE, { report: first.report });
  assert.deepEqual([second.ending, rules(lost)['Copy home']], ['continue', false]);
  const refused = openTenant();
  const message = "You don't have sufficient permissions.";
  const exception = 'System.InvalidOperationException';
  refused.faults.order([{ kind: 'refused', exception, message, after: 0, times: 1 }]);
  assert.notEqual((await offboardOn(refused, DISABLE)).ending, 'continue');
});
