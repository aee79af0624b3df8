import type { Config } from '../../config.ts';
import type { Abilities } from '../../exchange/abilities.ts';
import { SIGNS } from '../../exchange/roles.ts';
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
  ];
}

/** Only as far as cmdlets tell: a role whose signs another role gives as well cannot be told from it. */
function checkExcess(needed: readonly string[], abilities: Abilities): readonly Finding[] {
  const covered = new Set(needed.flatMap((role) => SIGNS[role] ?? []));
  const unused = Object.entries(SIGNS).flatMap(([role, signs]) =>
    !needed.includes(role) && signs.some((sign) => abilities.has(sign) && !covered.has(sign))
      ? [role]
      : [],
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
