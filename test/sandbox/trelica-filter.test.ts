import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FilterError, parseFilter } from '../../src/sandbox/trelica/filter.ts';

const RUN = {
  status: 'Waiting',
  name: 'Lee "the" Leaver',
  deleted: false,
  count: 3,
  createdDtm: '2026-03-01T08:00:00Z',
  context: { person: { email: "lee.o'neil@example.org" } },
  steps: [
    { id: 'a1', status: 'Completed' },
    { id: 'b2', status: 'Waiting' },
  ],
};

const ROWS: readonly [string, boolean][] = [
  ['status eq "Waiting"', true],
  ['status ne "Terminated" and steps[status eq "Waiting" and id eq "b2"]', true],
  ['steps[status eq "Waiting" and id eq "a1"]', false],
  ['not (status eq "Waiting") or deleted eq false', true],
  ['status eq "waiting"', false],
  ['context.person.email eq "lee.o\'neil@example.org"', true],
  ['name eq "Lee \\"the\\" Leaver"', true],
  ['createdDtm ge "2026-01-01"', true],
  ['createdDtm lt "2026-01-01"', false],
  ['name sw "Lee" and name ew "Leaver" and name co "the"', true],
  ['nothing pr', false],
  ['nothing eq null', true],
  ['nothing ne "x"', true],
  ['count eq 3', true],
  ['status EQ "Waiting" AND deleted eq FALSE', true],
  ['constructor pr', false],
];
for (const [filter, expected] of ROWS) {
  test(`${filter} is ${expected}`, () => {
    assert.equal(parseFilter(filter)(RUN), expected);
  });
}

const BROKEN = [
  '',
  'status',
  'status eq',
  'status eq Waiting',
  'status is "Waiting"',
  '(status eq "Waiting"',
  'status eq "Waiting" extra',
  'steps[status eq "Waiting"',
  'status eq "open',
  '"status" eq "Waiting"',
];
for (const filter of BROKEN) {
  test(`the filter ${JSON.stringify(filter)} is refused`, () => {
    assert.throws(() => parseFilter(filter), FilterError);
  });
}
