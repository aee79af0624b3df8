import { pino } from 'pino';
import { createExchange } from '../../src/exchange/exchange.ts';
import type { Exchange } from '../../src/offboarding/ports.ts';
import type { CommandRequest, PowerShellError } from '../../src/powershell/frames.ts';
import type { CommandOutcome, Sessions } from '../../src/powershell/sessions.ts';
import { bind } from '../../src/sandbox/stand-in/bind.ts';
import { readDocumented } from '../../src/sandbox/stand-in/documented.ts';
import { project } from '../../src/sandbox/stand-in/project.ts';
import { requestFor } from '../../src/sandbox/stand-in/request.ts';
import { connectionLost, ShellError, tenantError } from '../../src/sandbox/stand-in/shell-error.ts';
import { populate } from '../../src/sandbox/tenant/populate.ts';
import { Tenant } from '../../src/sandbox/tenant/tenant.ts';

const documented = readDocumented();

export interface TenantOptions {
  readonly people?: number;
  readonly groups?: number;
  /** Members of the large list; few, since every query looks at them and no leaver is one. */
  readonly contacts?: number;
  readonly seed?: number;
  readonly visibilityLagReads?: number;
}

/** The simulated tenant without its HTTP front: as real, and thousands of times a second. */
export function openTenant(options: TenantOptions = {}): Tenant {
  const { people = 0, groups = 0, contacts = 10, seed = 1, visibilityLagReads = 0 } = options;
  return new Tenant(() => populate({ people, groups, contacts, seed }), {
    seed,
    visibilityLagReads,
  });
}

/** As if one session that never fails stood between. */
export function sessionsOn(tenant: Tenant): Sessions {
  return { run: async (request) => answer(tenant, request) };
}

/** The real Exchange side of the service on a simulated tenant, with no session between. */
export function exchangeOn(tenant: Tenant): Exchange {
  const sessions = sessionsOn(tenant);
  const limits = { readTimeoutMs: 1, writeTimeoutMs: 1 };
  const parts = { log: pino({ level: 'silent' }), signal: new AbortController().signal };
  return createExchange(sessions, limits, parts);
}

function answer(tenant: Tenant, request: CommandRequest): CommandOutcome {
  try {
    return perform(tenant, request);
  } catch (error) {
    if (error instanceof ShellError) {
      return failed(error.record);
    }
    throw error;
  }
}

function perform(
  tenant: Tenant,
  { command, parameters, properties }: CommandRequest,
): CommandOutcome {
  const cmdlet = documented[command];
  if (cmdlet === undefined) {
    throw new Error(`no documented cmdlet ${command}`);
  }
  const reply = tenant.run(
    command,
    requestFor(command, bind(command, cmdlet, parameters).values).parameters,
  );
  switch (reply.kind) {
    case 'silence':
      throw connectionLost(command, 'The response ended prematurely.');
    case 'session-gone':
      throw connectionLost(command, 'must call the Connect-ExchangeOnline cmdlet');
    case 'turned-away':
    case 'answer': {
      const { objects, warnings, errors } = reply.answer;
      const [error] = errors;
      const facts =
        reply.kind === 'answer'
          ? {}
          : {
              httpStatus: reply.status,
              ...(reply.retryAfterSeconds === undefined
                ? {}
                : { retryAfterSeconds: reply.retryAfterSeconds }),
            };
      return error === undefined
        ? { kind: 'completed', rows: objects.map((one) => project(one, properties)), warnings }
        : failed(tenantError(error, facts));
    }
  }
}

function failed(error: PowerShellError): CommandOutcome {
  return { kind: 'failed', error, rows: [], warnings: [] };
}
