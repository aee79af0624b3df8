import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleGroupScript } from '../../src/cli/role-group-script.ts';
import { rolesFor } from '../../src/cli/roles.ts';
import { loadSettings } from '../../src/config.ts';
import { SIGNS } from '../../src/exchange/roles.ts';
import { OPERATIONS } from '../../src/offboarding/operations/list.ts';
import type { OperationKind } from '../../src/offboarding/operations/operation.ts';

const { workflows } = loadSettings('deploy/exo-bridge.example.yaml');
const kinds: readonly OperationKind[] = OPERATIONS;

test('the roles are those of the operations switched on, each with every reason', () => {
  const roles = rolesFor(workflows);
  assert.deepEqual(
    roles.map(({ role }) => role),
    [
      'View-Only Recipients',
      'View-Only Configuration',
      'Mail Recipients',
      'Distribution Groups',
      'Security Group Creation and Membership',
    ],
  );
  const mail = roles.find(({ role }) => role === 'Mail Recipients');
  assert.match(mail?.reasons.join('; ') ?? '', /\(delegate-access\).*\(convert-to-shared\)/);
});

test('a connection can be asked for every role that an operation needs', () => {
  const roles = new Set(kinds.flatMap(({ roles }) => roles.map(({ role }) => role)));
  assert.deepEqual(
    [...roles].filter((role) => !(role in SIGNS)),
    [],
  );
});

test('no value can leave its quotes in the script', () => {
  const script = roleGroupScript({
    name: "O'Neil’s\nRemove-Mailbox",
    organization: 'contoso.onmicrosoft.com',
    appId: '11111111-2222-4333-8444-555555555555',
    objectId: undefined,
    roles: rolesFor(workflows),
  });
  assert.ok(script.includes("$name = 'O''Neil’’s Remove-Mailbox'\n"), script);
  assert.match(script, /New-RoleGroup -Name \$name -Roles \$roles/);
  assert.match(script, /\[Parameter\(Mandatory\)\] \[guid\] \$ObjectId/);
});
