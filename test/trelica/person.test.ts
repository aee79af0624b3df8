import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personOf } from '../../src/trelica/person.ts';
import { wireRun } from '../../src/trelica/wire.ts';
import { aRun } from '../support/trelica-answers.ts';

function personFrom(context: unknown, ...changed: unknown[]) {
  const steps = changed.map((person, index) => ({
    id: `s${index}`,
    status: 'Completed',
    completed: { newContext: { person } },
  }));
  return personOf(wireRun.parse({ ...aRun(), name: 'Run name', context, steps }));
}

const lee = { name: 'Lee', email: 'lee@example.org' };

test('a person has address, name and manager', () => {
  const person = { ...lee, email: ' Lee@Example.org ', lineManager: { email: 'Max@example.org' } };
  assert.deepEqual(personFrom({ person }), {
    email: 'lee@example.org',
    name: 'Lee',
    managerEmail: 'max@example.org',
  });
});

test('what the latest step left counts before what the run began with', () => {
  const found = personFrom(
    { person: lee },
    { email: 'first@example.org' },
    { email: 'second@example.org' },
    {},
    null,
  );
  assert.equal(found?.email, 'second@example.org');
  assert.equal(found?.name, 'Lee');
});

test('a blank in a later context says nothing', () => {
  assert.equal(personFrom({ person: lee }, { email: '' }, { email: null })?.email, lee.email);
});

for (const email of [
  'a@example.org, b@example.org',
  'a@example.org;b@example.org',
  ['a@example.org', 'b@example.org'],
  { address: 'a@example.org' },
  'Lee <lee@example.org>',
  'lee@example.org\nb@example.org',
  '{{person.email}}',
  42,
]) {
  test(`${JSON.stringify(email)} is not one address, and no older one is taken instead`, () => {
    assert.equal(personFrom({ person: lee }, { email }), undefined);
  });
}

for (const context of [
  undefined,
  null,
  {},
  { person: null },
  { person: {} },
  { person: { email: '' } },
  { person: 'Lee' },
]) {
  test(`context ${JSON.stringify(context)} has no person`, () => {
    assert.equal(personFrom(context), undefined);
  });
}

for (const lineManager of [
  undefined,
  null,
  '',
  'max@example.org',
  {},
  { email: null },
  { email: '' },
  { email: 'a@x.org,b@x.org' },
  { email: ['a@x.org'] },
  [],
]) {
  test(`line manager ${JSON.stringify(lineManager)} is none`, () => {
    assert.deepEqual(personFrom({ person: { ...lee, lineManager } }), {
      ...lee,
      managerEmail: undefined,
    });
  });
}

test('a person without a name has the name of the run', () => {
  assert.equal(personFrom({ person: { email: lee.email } })?.name, 'Run name');
});
