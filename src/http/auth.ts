import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.ts';

export type Audience = 'webhook' | 'poll' | 'operator';
export type AudienceTokens = Readonly<Record<Audience, readonly string[]>>;

/**
 * A check that a request must pass before its body is read, and after the rate limit counted it: guesses
 * count too. Throws `http.unauthorized`.
 */
export type Guard = (request: FastifyRequest) => Promise<void>;

/**
 * Guards that let in whoever has a token of one of the audiences. Throws at once if an audience has no
 * token: a service that anybody may call must not start.
 */
export function createGuards(tokens: AudienceTokens): (...audiences: Audience[]) => Guard {
  const digests = new Map(
    Object.entries(tokens).map(([audience, values]) => {
      if (values.length === 0 || values.some((value) => value === '')) {
        throw new ServiceError('config.invalid', `there is no token for ${audience}`);
      }
      return [audience, values.map(digest)] as const;
    }),
  );
  return (...audiences) => {
    const accepted = audiences.flatMap((audience) => digests.get(audience) ?? []);
    return async (request) => {
      if (!isOneOf(accepted, tokenOf(request.headers.authorization))) {
        throw new ServiceError('http.unauthorized', 'the request has no valid bearer token');
      }
    };
  };
}

function tokenOf(header: string | undefined): string {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(header ?? '')?.[1] ?? '';
}

/** Digests have one length, and every one is compared: neither length nor place shows in the time. */
function isOneOf(accepted: readonly Buffer[], token: string): boolean {
  const given = digest(token);
  return accepted.map((one) => timingSafeEqual(one, given)).includes(true);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
