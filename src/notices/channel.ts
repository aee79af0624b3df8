import { ServiceError } from '../errors.ts';
import type { Notice } from './notice.ts';

/** A way to people. */
export interface Channel {
  readonly name: 'webhook' | 'mail';
  /** Resolves once the other side has taken it. Throws `notices.not-delivered`, which never names address or password. */
  send(notice: Omit<Notice, 'key'>, signal: AbortSignal): Promise<void>;
}

export function notDelivered(reason: string): ServiceError {
  return new ServiceError('notices.not-delivered', `the notice was not taken: ${reason}`);
}
