import type { CommandRequest } from '../powershell/frames.ts';
import type { CommandLimits, CommandOutcome, Sessions } from '../powershell/sessions.ts';
import { isUnknownCommand, NOT_GRANTED } from './errors.ts';

/** The reading by which a connection proves itself: every connection has this cmdlet. */
const PROOF: CommandRequest = {
  command: 'Get-AcceptedDomain',
  parameters: { ErrorAction: 'Stop' },
  properties: [],
};

/**
 * One call on a connection. A cmdlet that the session does not know was never granted to the app, or has
 * gone with the connection: another reading on the same session tells which. Throws as `Sessions` does.
 */
export async function callConnected(
  session: Sessions,
  request: CommandRequest,
  limits: CommandLimits,
): Promise<CommandOutcome> {
  const outcome = await session.run(request, limits);
  if (outcome.kind === 'completed' || !isUnknownCommand(outcome.error, request.command)) {
    return outcome;
  }
  const proof = await session.run(PROOF, limits);
  return proof.kind === 'failed' ? outcome : notGranted(outcome, request.command);
}

function notGranted(
  outcome: Extract<CommandOutcome, { kind: 'failed' }>,
  cmdlet: string,
): CommandOutcome {
  const message = `no role of the app has the cmdlet ${cmdlet}`;
  return {
    ...outcome,
    error: { ...outcome.error, message, fullyQualifiedErrorId: NOT_GRANTED },
  };
}
