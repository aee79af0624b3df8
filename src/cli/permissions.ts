import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { loadSettings } from '../config.ts';
import { act } from './act.ts';
import { EXIT } from './exit.ts';
import { GROUP } from './groups.ts';
import { type RoleGroup, roleGroupScript } from './role-group-script.ts';
import { rolesFor } from './roles.ts';

export function registerPermissions(program: Command): void {
  program
    .command('permissions')
    .helpGroup(GROUP.setUp)
    .description(
      'print the Exchange roles the operations need and why, with a script for a role group',
    )
    .option('--config <file>', 'configuration of the service', 'exo-bridge.yaml')
    .option(
      '--object-id <id>',
      'of the enterprise application; the script asks for it if left out',
      guid,
    )
    .option('--name <name>', 'of the role group and the service principal', 'exo-bridge')
    .option('--script', 'print only the script')
    .option('--json', 'print one JSON document instead of the text')
    .addHelpText('after', '\nExample:\n  exo-bridge permissions --script > role-group.ps1')
    .action((options: PermissionsOptions) => act(options, async () => permissions(options)));
}

interface PermissionsOptions {
  readonly config: string;
  readonly objectId?: string;
  readonly name: string;
  readonly script?: boolean;
  readonly json?: boolean;
}

function guid(text: string): string {
  if (!z.guid().safeParse(text).success) {
    throw new InvalidArgumentError('A GUID is expected.');
  }
  return text;
}

function permissions(options: PermissionsOptions): number {
  const { exchange, workflows } = loadSettings(options.config);
  const group = {
    name: options.name,
    organization: exchange.organization,
    appId: exchange.appId,
    objectId: options.objectId,
    roles: rolesFor(workflows),
  };
  console.log(
    options.json ? JSON.stringify(documentOf(group), undefined, 2) : textOf(group, options),
  );
  return EXIT.ok;
}

function documentOf(group: RoleGroup): object {
  return { roles: group.roles, script: roleGroupScript(group) };
}

function textOf(group: RoleGroup, { script }: PermissionsOptions): string {
  const text = roleGroupScript(group).trimEnd();
  if (script) {
    return text;
  }
  const roles = group.roles.map(
    ({ role, reasons }) => `${role}\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
  );
  return [
    'Management roles of Exchange that the configured operations need:',
    ...roles,
    'Instead of a directory role, which gives more, a role group of its own; as an Exchange administrator run:',
    text,
    'Changed roles reach a session when it is connected anew. See that they do: exo-bridge check',
  ].join('\n\n');
}
