import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeople } from '../../src/trelica/people.ts';
import { always, html, type Script, scene } from '../support/scripted-trelica.ts';

const LEE = {
  id: 'p1',
  email: 'Lee@example.org',
  firstName: 'Lee',
  lastName: 'Leaver',
  lineManager: { id: 'p2', name: 'Max', email: 'max@example.org' },
};

for (const [what, asked, script, expected] of [
  [
    'a record',
    'p1',
    always(200, LEE),
    {
      kind: 'found',
      email: 'lee@example.org',
      name: 'Lee Leaver',
      managerEmail: 'max@example.org',
    },
  ],
  [
    'a record with next to nothing',
    'p1',
    always(200, { id: 'p1', email: null, lineManager: null }),
    { kind: 'found', email: undefined, name: undefined, managerEmail: undefined },
  ],
  ['404', 'p1', always(404, {}), { kind: 'missing' }],
  ['409', 'lee@example.org', always(409, { title: 'Conflict' }), { kind: 'ambiguous' }],
  ['403', 'p1', always(403, {}), { kind: 'forbidden' }],
] as const satisfies readonly (readonly [string, string, Script, object])[]) {
  test(`${what} of a person means ${expected.kind}`, async (t) => {
    const { trelica, client } = await scene(t);
    trelica.api = script;
    assert.deepEqual(await createPeople(client).find(asked), expected);
    const path = asked === 'p1' ? 'p1' : 'lee%40example.org';
    assert.equal(trelica.apiRequests[0]?.path, `/api/people/v1/${path}`);
  });
}

for (const [what, script, code] of [
  ['another person', always(200, { ...LEE, id: 'p2' }), 'trelica.answer-invalid'],
  ['a list', always(200, { results: [LEE] }), 'trelica.answer-invalid'],
  ['a page', html(200, 'sign in'), 'trelica.answer-foreign'],
  ['500', always(500, {}), 'trelica.server-error'],
] as const) {
  test(`${what} instead of a person is ${code}`, async (t) => {
    const { trelica, client } = await scene(t);
    trelica.api = script;
    await assert.rejects(createPeople(client).find('p1'), { code });
  });
}
