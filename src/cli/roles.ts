import type { Config } from '../config.ts';
import { ALWAYS_NEEDED } from '../exchange/roles.ts';
import { kindOf } from '../offboarding/operations/list.ts';

/** A management role with everything it is needed for: "to set the hold (litigation-hold)". */
export interface RoleWithReasons {
  readonly role: string;
  readonly reasons: readonly string[];
}

/** The roles that the operations switched on need, and those that every job needs. */
export function rolesFor(workflows: Config['workflows']): readonly RoleWithReasons[] {
  const names = new Set(workflows.flatMap(({ operations }) => Object.keys(operations)));
  const needs = [
    ...ALWAYS_NEEDED.map(({ role, because }) => ({ role, reason: because })),
    ...[...names].flatMap((name) =>
      (kindOf(name)?.roles ?? []).map(({ role, because }) => ({
        role,
        reason: `${because} (${name})`,
      })),
    ),
  ];
  const roles = [...new Set(needs.map(({ role }) => role))];
  return roles.map((role) => ({
    role,
    reasons: needs.filter((need) => need.role === role).map(({ reason }) => reason),
  }));
}
