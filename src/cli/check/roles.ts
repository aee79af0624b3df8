import { CMDLETS, type CmdletName } from '../../cmdlets/cmdlets.ts';
import type { Config } from '../../config.ts';
import type { Abilities } from '../../exchange/abilities.ts';
import { type Ability, SIGNS, UNMISTAKABLE } from '../../exchange/roles.ts';
import { rolesFor } from '../roles.ts';
import { bad, type Finding, good, warning } from './finding.ts';

/** Which roles the operations need and the app lacks, and which it has for nothing. */
export function checkRoles(
  workflows: Config['workflows'],
  abilities: Abilities,
): readonly Finding[] {
  const needed = rolesFor(workflows);
  const missing = needed.flatMap(({ role, reasons }) => {
    const lacking = (SIGNS[role] ?? []).filter((sign) => !abilities.has(sign));
    return lacking.length === 0
      ? []
      : [
          bad(
            `Role ${role}`,
            `the app lacks it (${lacking.join(', ')}), needed ${reasons.join('; ')}`,
            `assign the role ${role} to the app: exo-bridge permissions`,
          ),
        ];
  });
  const roles = needed.map(({ role }) => role).join(', ');
  return [
    ...(missing.length === 0 ? [good('Roles', `all that is needed: ${roles}`)] : missing),
    ...checkExcess(
      needed.map(({ role }) => role),
      abilities,
    ),
    ...checkParameters(abilities),
  ];
}

/** Only as far as cmdlets tell: most roles cannot be told from others that give the same. */
function checkExcess(needed: readonly string[], abilities: Abilities): readonly Finding[] {
  const unused = UNMISTAKABLE.filter(
    (role) => !needed.includes(role) && SIGNS[role]?.some((sign) => abilities.has(sign)),
  );
  const excess = [...abilities.beyond, ...unused];
  return excess.length === 0
    ? []
    : [
        warning(
          'Roles beyond need',
          `the app may also do what these roles give: ${excess.join(', ')}`,
          'give it a role group of its own with only what is needed: exo-bridge permissions',
        ),
      ];
}

/** A cmdlet that is there without a parameter we may use: an older module, or a role that was cut down. */
function checkParameters(abilities: Abilities): readonly Finding[] {
  const ofRoles = new Set(Object.values(SIGNS).flat());
  const lacking = Object.entries(CMDLETS).flatMap(([cmdlet, { parameters }]) => {
    const name = cmdlet as CmdletName;
    return abilities.has(name)
      ? Object.keys(parameters)
          .map((parameter): Ability => `${name} -${parameter}`)
          .filter((ability) => !ofRoles.has(ability) && !abilities.has(ability))
      : [];
  });
  return lacking.length === 0
    ? []
    : [
        warning(
          'Parameters',
          `the connection lacks ${lacking.join(', ')}`,
          'an operation that uses one will be refused: update the module, or use the whole role',
        ),
      ];
}
