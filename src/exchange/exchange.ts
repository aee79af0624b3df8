import { assertCall, type Call } from '../cmdlets/call.ts';
import { ruleOf } from '../cmdlets/cmdlets.ts';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Applied, Cells, Exchange } from '../offboarding/ports.ts';
import type { CommandRequest } from '../powershell/frames.ts';
import type { CommandOutcome, Sessions } from '../powershell/sessions.ts';
import { alreadyWarning, classify, failureOf, wordsOf } from './errors.ts';
import { resolveAddresses } from './identity.ts';

export interface ExchangeSettings {
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
}

/** Exchange for one job: its calls go through `sessions` one by one and are counted. */
export function createExchange(
  sessions: Sessions,
  settings: ExchangeSettings,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Exchange {
  let calls = 0;

  async function send(call: Call, effect: 'read' | 'write'): Promise<CommandOutcome> {
    assertCall(call);
    assertEffect(call, effect);
    calls += 1;
    const startedAt = performance.now();
    let outcome: CommandOutcome['kind'] | 'unknown' = 'unknown';
    try {
      const answer = await sessions.run(requestFor(call), {
        timeoutMs: effect === 'read' ? settings.readTimeoutMs : settings.writeTimeoutMs,
        signal,
      });
      outcome = answer.kind;
      return answer;
    } finally {
      const ms = Math.round(performance.now() - startedAt);
      log.debug({ cmdlet: call.cmdlet, ms, outcome }, 'cmdlet called');
    }
  }

  async function read(call: Call): Promise<readonly Cells[]> {
    const outcome = await send(call, 'read');
    if (outcome.kind === 'failed') {
      throw failed(call, outcome);
    }
    return outcome.rows;
  }

  async function apply(call: Call): Promise<Applied> {
    const outcome = await send(call, 'write');
    if (outcome.kind === 'completed') {
      const message = alreadyWarning(outcome.warnings);
      return message === undefined ? { kind: 'done' } : { kind: 'already', message };
    }
    if (classify(outcome.error) === 'already') {
      return { kind: 'already', message: wordsOf(outcome.error).message };
    }
    throw failed(call, outcome);
  }

  return {
    read,
    apply,
    resolve: (addresses) => resolveAddresses(addresses, read),
    get calls() {
      return calls;
    },
  };
}

function requestFor(call: Call): CommandRequest {
  return {
    command: call.cmdlet,
    // Without it a failed cmdlet writes an error and goes on as if it had found nothing.
    parameters: { ...call.parameters, ErrorAction: 'Stop' },
    properties: call.properties,
  };
}

function failed(call: Call, { error }: Extract<CommandOutcome, { kind: 'failed' }>): ServiceError {
  const means = classify(error);
  return failureOf(call.cmdlet, error, means === 'already' ? 'exchange.unclassified' : means);
}

/** A read may not write, and a write that asks for confirmation would wait for an answer forever. */
function assertEffect(call: Call, effect: 'read' | 'write'): void {
  const rule = ruleOf(call.cmdlet);
  const asks = 'Confirm' in rule.parameters && call.parameters['Confirm'] !== false;
  const isPreview = rule.preview !== undefined && call.parameters[rule.preview] === true;
  if ((isPreview ? 'read' : rule.effect) !== effect || asks) {
    throw new ServiceError('powershell.command-refused', `${call.cmdlet} is no ${effect} here`, {
      facts: { cmdlet: call.cmdlet },
    });
  }
}
