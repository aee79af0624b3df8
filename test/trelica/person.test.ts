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
  return personOf(wireRun.parse({ ...aRun(), name: 'Run name', context, steps }), undefined).person;
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

test('contexts that name different people name nobody', () => {
  const other = { id: 'max', email: 'max@example.org' };
  assert.equal(personFrom({ person: { ...lee, id: 'lee' } }, other), undefined);
  assert.equal(personFrom({ person: { ...lee, id: 'lee' } }, { id: ' lee ' })?.email, lee.email);
  // Without an id nothing says that it is somebody else: a step may correct an address.
  assert.equal(personFrom({ person: lee }, other)?.email, other.email);
});

test('what steps after ours say about a person does not count', () => {
  const changed = { person: { email: 'later@example.org' } };
  const ours = { id: 'ours', status: 'Waiting' };
  const run = wireRun.parse({
    ...aRun({ context: { person: lee } }),
    steps: [ours, { id: 'parallel', status: 'Completed', completed: { newContext: changed } }],
  });
  assert.equal(personOf(run, run.steps?.[0]).person?.email, lee.email);
});

test('a person with an id and no address can be looked up, one with a wrong address not', () => {
  const idOf = (person: { readonly id: string; readonly email?: string }) =>
    personOf(wireRun.parse(aRun({ context: { person } })), undefined).personId;
  assert.equal(idOf({ id: 'p1' }), 'p1');
  assert.equal(idOf({ id: 'p1', email: 'a@x.org,b@x.org' }), undefined);
});
