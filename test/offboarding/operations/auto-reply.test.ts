import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workflowPolicy } from '../../../src/offboarding/policy.ts';
import { stateOf } from '../../../src/sandbox/tenant/state.ts';
import type { Tenant } from '../../../src/sandbox/tenant/tenant.ts';
import { LEE, type Leaving, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const INTERNAL = '{{person.name}} has left. Ask {{manager.name}}:\n{{manager.email}}';

function reply(tenant: Tenant, settings: object, leaving: Leaving = {}) {
  return offboardOn(tenant, { 'auto-reply': settings }, leaving);
}

function current(tenant: Tenant) {
  return stateOf(tenant.truth, LEE)[0]?.mailbox?.autoReply ?? assert.fail('no leaver');
}

function set(tenant: Tenant, part: object): void {
  const mailbox = tenant.truth.named(LEE)[0]?.mailbox;
  Object.assign(mailbox ?? {}, { autoReply: { ...mailbox?.autoReply, ...part } });
}

test('colleagues get the text with the names filled in, nobody outside gets any, and an undo ends it', async () => {
  const tenant = openTenant();
  const before = stateOf(tenant.truth, LEE);
  const { ending, report } = await reply(tenant, { internal: INTERNAL });
  assert.equal(ending, 'continue');
  const { state, internal, audience } = current(tenant);
  assert.deepEqual([state, audience], ['Enabled', 'None']);
  assert.match(internal, /Lee has left\. Ask Max Müster:<br>max\.muster@example\.org/);
  assert.deepEqual((await reply(tenant, { internal: INTERNAL })).report.plan, []);
  assert.equal((await undoOn(tenant, report)).ending, 'done');
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('an external text goes to everybody unless the audience says otherwise', async () => {
  for (const [audience, shown] of [
    [undefined, 'All'],
    ['known', 'Known'],
  ]) {
    const tenant = openTenant();
    const settings = { internal: 'In', external: 'Out', ...(audience && { audience }) };
    assert.equal((await reply(tenant, settings)).ending, 'continue');
    assert.deepEqual([current(tenant).audience, current(tenant).state], [shown, 'Enabled']);
    assert.match(current(tenant).external, /Out/);
  }
});

test('what the leaver had set is replaced, and back after an undo to the letter', async () => {
  const tenant = openTenant();
  set(tenant, {
    state: 'Scheduled',
    internal: '<html><body>Back on <b>Monday</b></body></html>',
    external: '<html><body>Away</body></html>',
    audience: 'Known',
    startsAt: '2026-11-01T00:00:00.000Z',
    endsAt: '2026-12-01T08:30:00.000Z',
  });
  const before = stateOf(tenant.truth, LEE);
  const { report } = await reply(tenant, { internal: INTERNAL, external: 'Out' });
  assert.equal(current(tenant).state, 'Enabled');
  await undoOn(tenant, report);
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('for some days: from the day it is set, and no reading moves the end', async () => {
  const tenant = openTenant();
  const before = stateOf(tenant.truth, LEE);
  const settings = { internal: INTERNAL, days: 90 };
  const { ending, report } = await reply(tenant, settings);
  assert.equal(ending, 'continue');
  assert.deepEqual(
    [current(tenant).state, current(tenant).startsAt, current(tenant).endsAt],
    ['Scheduled', '1970-01-01T00:00:00.000Z', '1970-04-01T00:00:00.000Z'],
  );
  // As if it had been set a month before, with a time zone in between.
  set(tenant, { startsAt: '1969-12-01T01:00:00.000Z', endsAt: '1970-03-01T00:00:00.000Z' });
  assert.deepEqual((await reply(tenant, settings)).report.plan, []);
  set(tenant, { startsAt: '1969-01-01T00:00:00.000Z', endsAt: '1969-04-01T00:00:00.000Z' });
  assert.equal((await reply(tenant, settings)).report.plan?.length, 1);
  await undoOn(tenant, report);
  assert.deepEqual(stateOf(tenant.truth, LEE), before);
});

test('without a manager no reply sends people to nobody; a text that names none is set', async () => {
  const tenant = openTenant();
  const left = await reply(tenant, { internal: INTERNAL }, { manager: null });
  assert.deepEqual([left.ending, left.report.plan], ['continue', []]);
  assert.deepEqual(
    left.report.findings.map(({ code }) => code),
    ['manager-none'],
  );
  assert.equal(current(tenant).state, 'Disabled');
  await reply(tenant, { internal: '{{person.name}} has left.' }, { manager: null });
  assert.equal(current(tenant).state, 'Enabled');
});

test('a name with markup in it arrives as text, also within own HTML', async () => {
  const tenant = openTenant();
  Object.assign(tenant.truth.named('max.muster@example.org')[0] ?? {}, {
    displayName: 'Max <script>"M"</script>',
  });
  const settings = { internal: '<p>Ask <b>{{manager.name}}</b></p>', html: true };
  assert.equal((await reply(tenant, settings)).ending, 'continue');
  assert.ok(
    current(tenant).internal.includes(
      '<p>Ask <b>Max &lt;script&gt;&quot;M&quot;&lt;/script&gt;</b></p>',
    ),
  );
});

test('a mailbox that is full is refused for good', async () => {
  const email = 'felix.full@example.org';
  const left = await reply(openTenant(), { internal: 'Gone' }, { email });
  assert.equal(left.ending, 'exchange.quota');
});

test('a reply that is seen late is waited for', async () => {
  const tenant = openTenant({ visibilityLagReads: 3 });
  assert.equal((await reply(tenant, { internal: 'Gone' })).ending, 'continue');
});

const FAULTS: readonly [settings: object, path: string, message: RegExp][] = [
  [{ internal: 'a', audience: 'all' }, 'external', /must be given with audience/],
  [{ internal: 'a', external: 'b', audience: 'none' }, 'audience', /must be known or all/],
  [{ internal: '{{person.phone}}' }, 'internal', /known: \{\{person\.name\}\}/],
  [{ internal: ' ' }, 'internal', /./],
];
for (const [settings, path, message] of FAULTS) {
  test(`${JSON.stringify(settings)} is a fault at ${path}`, () => {
    const policy = { workflow: 'Person leaves', operations: { 'auto-reply': settings } };
    const { error } = workflowPolicy.safeParse(policy);
    assert.deepEqual(error?.issues[0]?.path, ['operations', 'auto-reply', path]);
    assert.match(error?.issues[0]?.message ?? '', message);
  });
}
