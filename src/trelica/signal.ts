import { ServiceError } from '../errors.ts';
import type { SignalAnswer, WaitingAction } from '../offboarding/ports.ts';
import type { Client } from './client.ts';

/**
 * Fires an action of a waiting step, once. Throws the client's errors: after one of them nobody knows
 * whether the run has gone on.
 */
export async function fireSignal(client: Client, action: WaitingAction): Promise<SignalAnswer> {
  const url = client.endpoints.follow(action.path);
  if (url === undefined) {
    throw new ServiceError('trelica.foreign-link', 'the action does not lead to Trelica', {
      facts: { action: action.name },
    });
  }
  const status = await client.post(url, [400, 404, 409]);
  if (status === 409) {
    return { kind: 'not-waiting' };
  }
  return status < 300 ? { kind: 'fired' } : { kind: 'refused', status };
}
