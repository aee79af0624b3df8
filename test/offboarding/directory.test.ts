import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../src/errors.ts';
import { createDirectory } from '../../src/offboarding/directory.ts';

const policy = (workflow: string, step = 'Signal') => ({ workflow, step });

/** Two workflows; whatever else is asked for does not exist, or can't be asked for. */
function directory(policies: readonly { workflow: string; step: string }[]) {
  const known = [
    { id: 'w1', name: 'Leavers' },
    { id: 'w2', name: 'Contractors' },
  ];
  return createDirectory(policies, {
    async resolve(nameOrId) {
      const found = known.find(({ id, name }) => id === nameOrId || name === nameOrId);
      if (found === undefined) {
        const code = nameOrId === 'Away' ? 'trelica.unreachable' : 'trelica.workflow-not-found';
        throw new ServiceError(code, `no ${nameOrId}`);
      }
      return found;
    },
  });
}

test('a workflow is found by name and id, with all its steps or the one asked for', async () => {
  const here = directory([policy('Leavers'), policy('Leavers', 'Later'), policy('w2')]);
  const steps = async (nameOrId: string, step?: string) =>
    (await here.find(nameOrId, step)).map((entry) => entry.policy.step);
  assert.deepEqual(await steps('w1'), ['Signal', 'Later']);
  assert.deepEqual(await steps('Leavers', 'Later'), ['Later']);
  assert.deepEqual(await steps('Contractors'), ['Signal']);
  assert.deepEqual(await steps('w1', 'Never'), []);
  assert.deepEqual(await steps('Others'), []);
});

test('one workflow by name and by id at the same step is a fault that says so', async () => {
  const here = directory([policy('Leavers'), policy('w1')]);
  await assert.rejects(here.find('w1'), { code: 'trelica.workflow-ambiguous' });
  assert.match((await here.check()).join(), /Leavers is configured twice with the step Signal/);
});

test('a wrong name keeps no other workflow from being served, and is told', async () => {
  const here = directory([policy('Leavers'), policy('Gone')]);
  assert.equal((await here.find('Leavers')).length, 1);
  assert.deepEqual(await here.check(), ['trelica.workflow-not-found: no Gone']);
});

test('a directory of wrong names only is not ready, nor is one that cannot be looked up', async () => {
  await assert.rejects(directory([policy('Gone')]).check(), { code: 'trelica.workflow-not-found' });
  await assert.rejects(directory([policy('Leavers'), policy('Away')]).check(), {
    code: 'trelica.unreachable',
  });
});

test('what cannot be looked up may be the one that was asked for', async () => {
  const here = directory([policy('Gone'), policy('Away')]);
  await assert.rejects(here.find('w9'), { code: 'trelica.unreachable' });
});
