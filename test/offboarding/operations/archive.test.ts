import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEE, offboardOn, undoOn } from '../../support/one-leaver.ts';
import { openTenant } from '../../support/tenant-exchange.ts';

const ARCHIVE = { archive: {} };

function codes({ report }: Awaited<ReturnType<typeof offboardOn>>): readonly string[] {
  return report.findings.map(({ code }) => code);
}

test('the mailbox gets an archive, with a word about the licence, and keeps it through an undo', async () => {
  const tenant = openTenant();
  const left = await offboardOn(tenant, ARCHIVE);
  assert.deepEqual([left.ending, codes(left)], ['continue', ['archive-needs-licence']]);
  const archive = tenant.truth.named(LEE)[0]?.mailbox.archive;
  assert.ok(archive);
  assert.deepEqual(left.report.after, { archive: { hasArchive: true } });
  const undone = await undoOn(tenant, left.report);
  assert.deepEqual([undone.ending, codes(undone)], ['done', ['cannot-undo']]);
  assert.deepEqual(tenant.truth.named(LEE)[0]?.mailbox.archive, archive);
});

test('a mailbox that has one is left as it is', async () => {
  const left = await offboardOn(openTenant(), ARCHIVE, { email: 'heidi.held@example.org' });
  assert.deepEqual([left.ending, left.report.plan, codes(left)], ['continue', [], []]);
});

test('a mailbox with an archive needs its licence, also when it is shared in the same job', async () => {
  const { report } = await offboardOn(openTenant(), { ...ARCHIVE, 'convert-to-shared': {} });
  assert.deepEqual(report.after?.['convert-to-shared'], {
    type: 'SharedMailbox',
    sizeBytes: 18 * 2 ** 30,
    licenceNeededFor: ['it has an archive'],
  });
});

test('the result of a mailbox that was shared before tells of the archive, too', async () => {
  const tenant = openTenant();
  const email = 'sara.shared@example.org';
  Object.assign(tenant.truth.named(email)[0]?.mailbox ?? {}, { isLicensed: true });
  const { report } = await offboardOn(tenant, { ...ARCHIVE, 'convert-to-shared': {} }, { email });
  const { licenceNeededFor } = Object(report.after?.['convert-to-shared']);
  assert.deepEqual(licenceNeededFor, ['it has an archive']);
});

test('without a licence the workflow does not go on', async () => {
  const email = 'sara.shared@example.org';
  const left = await offboardOn(openTenant(), ARCHIVE, { email });
  assert.equal(left.ending, 'offboarding.not-verified');
  assert.match(left.report.changes[0]?.message ?? '', /has no licence/);
});

test('one that is mastered on-premises is passed over with the words of the refusal', async () => {
  const tenant = openTenant();
  tenant.faults.order([
    {
      kind: 'refused',
      exception: 'System.InvalidOperationException',
      message: 'it is being synchronized from your on-premises organization',
      cmdlet: 'Enable-Mailbox',
      after: 0,
      times: 1,
    },
  ]);
  const { ending, report } = await offboardOn(tenant, ARCHIVE);
  assert.deepEqual([ending, report.changes[0]?.outcome], ['continue', 'skipped']);
});
