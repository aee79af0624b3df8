import { z } from 'zod';
import { CMDLETS } from '../cmdlets/cmdlets.ts';
import { ServiceError } from '../errors.ts';
import type { Session } from '../powershell/session.ts';
import { type Ability, BEYOND } from './roles.ts';

/** What a connection lets the app do, of what was asked about. */
export interface Abilities {
  has(ability: Ability): boolean;
  /** Roles that give what no operation uses. */
  readonly beyond: readonly string[];
}

/** Everything a connection is asked about: the vocabulary, and what the app should better not have. */
export const ASKED_ABOUT: readonly string[] = [...Object.keys(CMDLETS), ...Object.keys(BEYOND)];

const commandRow = z.object({
  Name: z.string(),
  /** One text for each set: `[-Identity] <Object> [-Confirm <Boolean>]`. */
  ParameterSets: z.union([z.string(), z.array(z.string())]),
});

/**
 * Asks a connection that was made with `inspects: true` what the roles of the app give. Exchange gives a client
 * only the cmdlets and parameters its roles have, so the session itself knows. Throws `exchange.answer-invalid`.
 */
export async function readAbilities(session: Session, timeoutMs: number): Promise<Abilities> {
  const request = {
    command: 'Get-Command',
    parameters: { Name: ASKED_ABOUT, ErrorAction: 'Ignore' },
    properties: ['Name', 'ParameterSets'],
  };
  const outcome = await session.run(request, { timeoutMs });
  const rows = z.array(commandRow).safeParse(outcome.kind === 'completed' ? outcome.rows : []);
  if (outcome.kind === 'failed' || !rows.success) {
    throw new ServiceError('exchange.answer-invalid', 'the session does not tell its cmdlets');
  }
  const known = new Set(rows.data.flatMap(abilitiesOf));
  return {
    has: (ability) => known.has(ability.toLowerCase()),
    beyond: Object.entries(BEYOND).flatMap(([cmdlet, role]) =>
      known.has(cmdlet.toLowerCase()) ? [role] : [],
    ),
  };
}

function abilitiesOf({ Name: name, ParameterSets: sets }: z.infer<typeof commandRow>): string[] {
  const cmdlet = name.toLowerCase();
  const parameters = [sets].flat().flatMap((syntax) => syntax.match(/-[A-Za-z]\w*/g) ?? []);
  return [cmdlet, ...parameters.map((parameter) => `${cmdlet} ${parameter.toLowerCase()}`)];
}
