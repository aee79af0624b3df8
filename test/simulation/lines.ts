import { ServiceError } from '../../src/errors.ts';
import type { CommandRequest } from '../../src/powershell/frames.ts';
import type { CommandLimits, CommandOutcome } from '../../src/powershell/sessions.ts';
import type { Answer } from '../../src/sandbox/trelica/start-trelica.ts';
import { runOn } from '../support/tenant-exchange.ts';
import type { Life } from './life.ts';
import type { ExchangeTrouble, TrelicaTrouble } from './weather.ts';
import type { World } from './world.ts';

/** The network between one process and Trelica: slow, sometimes broken, and it delivers what was sent by the dead. */
export function trelicaLine(world: World, life: Life): typeof globalThis.fetch {
  return (input, init) =>
    life.outside(() => carry(world, life, new URL(String(input)), init ?? {}));
}

async function carry(
  world: World,
  life: Life,
  url: URL,
  { method = 'GET', headers, body, signal }: RequestInit,
): Promise<Response> {
  const sentAt = world.clock.now();
  const trouble = world.weather.trelica();
  await world.wait(world.weather.latencyMs());
  await world.mayBeLostWith(life);
  if (trouble !== undefined) {
    world.ledger.count(`trelica ${trouble}`);
  }
  if (trouble === 'silence') {
    return silence(signal);
  }
  const early = inPlaceOfAnswer(world, trouble);
  if (early !== undefined) {
    return early;
  }
  const authorization = new Headers(headers).get('authorization') ?? undefined;
  const question = { method, url, authorization, body: body === undefined ? '' : String(body) };
  const answer = await world.askTrelica(question, sentAt);
  if (trouble === 'lost') {
    await world.wait(world.weather.latencyMs());
    throw new TypeError('fetch failed');
  }
  if (trouble === 'silence after effect') {
    return silence(signal);
  }
  return trouble === 'error-after-effect' ? respond({ status: 500 }) : respond(answer);
}

/** Until the service has had enough of it. */
function silence(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function inPlaceOfAnswer(world: World, trouble: TrelicaTrouble | undefined): Response | undefined {
  switch (trouble) {
    case 'refused':
      throw new TypeError('fetch failed');
    case 'error':
      return respond({ status: 503 });
    case 'throttled':
      return respond({
        status: 429,
        headers: { 'retry-after': String(world.chance.between(1, 600)) },
      });
    case 'html':
      return new Response('<html>Sign in first</html>', {
        headers: { 'content-type': 'text/html' },
      });
    case 'garbage':
      return new Response('{"results": [', { headers: { 'content-type': 'application/json' } });
    case 'revoked':
      return respond({ status: 401 });
    default:
      return undefined;
  }
}

function respond({ status, body, headers = {} }: Answer): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
  });
}

/** The sessions of one process, without PowerShell between: one command after the other would be slower, and the same. */
export function exchangeLine(world: World, life: Life) {
  return (request: CommandRequest, limits: CommandLimits): Promise<CommandOutcome> =>
    life.outside(() => perform(world, life, request, limits));
}

async function perform(
  world: World,
  life: Life,
  request: CommandRequest,
  { signal }: CommandLimits,
): Promise<CommandOutcome> {
  signal?.throwIfAborted();
  const trouble = world.weather.exchange();
  if (trouble !== undefined) {
    world.ledger.count(`exchange ${trouble}`);
  }
  if (trouble === 'unavailable') {
    throw new ServiceError('powershell.unavailable', 'no session can be had');
  }
  await world.wait(world.weather.latencyMs());
  await world.mayBeLostWith(life);
  if (life.isAlive) {
    world.ledger.calls(request, signal ?? life);
  }
  const outcome = trouble === 'lost-before' ? undefined : runOn(world.tenant, request);
  if (signal?.aborted) {
    throw new ServiceError('powershell.cancelled', 'the service stops');
  }
  if (outcome === undefined || trouble !== undefined) {
    throw lost(trouble);
  }
  return outcome;
}

function lost(trouble: ExchangeTrouble | undefined): ServiceError {
  return trouble === 'timed-out'
    ? new ServiceError('powershell.timed-out', 'no answer in time')
    : new ServiceError('powershell.session-lost', 'the session ended');
}
