import { systemClock } from '../../clock.ts';
import type { Config } from '../../config.ts';
import { ServiceError } from '../../errors.ts';
import type { WorkflowPolicy } from '../../offboarding/policy.ts';
import { trelicaSettings } from '../../service/trelica-connection.ts';
import { type Client, createClient } from '../../trelica/client.ts';
import { createEndpoints } from '../../trelica/endpoints.ts';
import { PAGE_LIMIT, readPages } from '../../trelica/pages.ts';
import { createSend } from '../../trelica/send.ts';
import { createTokenRequest } from '../../trelica/token.ts';
import { type WireWorkflow, wireWorkflow } from '../../trelica/wire.ts';
import { bad, badFrom, type Finding, good, skipped } from './finding.ts';
import { checkWorkflow } from './workflow.ts';

const TOKEN = 'Sign-in to Trelica';
const SCOPES = ['Workflows.Read', 'Workflows.Runs.Read', 'Workflows.Runs.Execute'];

/** Token and scopes, then each workflow with its step and actions. */
export async function* checkTrelica(
  config: Config,
  { fetch, now }: { readonly fetch: typeof globalThis.fetch; readonly now: () => number },
): AsyncGenerator<Finding, void> {
  const settings = trelicaSettings(config);
  const send = createSend(fetch, settings.requestTimeoutMs, systemClock);
  try {
    const endpoints = createEndpoints(settings);
    const { scopes } = await createTokenRequest(settings, endpoints.token, send)();
    yield good(TOKEN, `${settings.baseUrl.origin} as client ${settings.clientId}`);
    yield checkScopes(scopes, scopesFor(config));
  } catch (error) {
    yield at(settings.baseUrl.origin, badFrom(TOKEN, error), error);
    yield skipped('Workflows', 'they can be seen once the sign-in to Trelica works');
    return;
  }
  const client = createClient(settings, { send, now });
  yield* checkWorkflows(config.workflows, client, now);
}

/** Whom we tried to reach, and what the network said: half of the cure of an address that is wrong. */
function at(origin: string, finding: Finding, error: unknown): Finding {
  const reason = error instanceof ServiceError ? error.facts['reason'] : undefined;
  const why = reason === undefined ? '' : `: ${String(reason)}`;
  return { ...finding, detail: `${origin}: ${finding.detail}${why}` };
}

function checkScopes(granted: readonly string[] | undefined, needed: readonly string[]): Finding {
  const what = 'Scopes';
  if (granted === undefined) {
    return skipped(what, 'Trelica does not say which scopes the app has');
  }
  const missing = needed.filter((scope) => !granted.includes(scope));
  const excess = granted.filter((scope) => !needed.includes(scope));
  if (missing.length > 0) {
    const cure = `give the API app ${missing.join(', ')} under Settings › API Access`;
    return bad(what, `the API app lacks ${missing.join(', ')}`, cure);
  }
  return excess.length === 0
    ? good(what, needed.join(', '))
    : {
        state: 'warning',
        what,
        detail: `the API app has more than it needs: ${excess.join(', ')}`,
        cure: `leave it only ${needed.join(', ')}`,
      };
}

function scopesFor({ trelica }: Config): readonly string[] {
  return trelica.peopleApi ? [...SCOPES, 'People.Read'] : SCOPES;
}

async function* checkWorkflows(
  policies: readonly WorkflowPolicy[],
  client: Client,
  now: () => number,
): AsyncGenerator<Finding, void> {
  const all: WireWorkflow[] = [];
  try {
    const first = client.endpoints.workflows({ limit: PAGE_LIMIT });
    for await (const workflow of readPages(client, first, wireWorkflow)) {
      all.push(workflow);
    }
  } catch (error) {
    yield badFrom('Workflows', error);
    return;
  }
  const existing = all.filter(({ deleted }) => deleted !== true);
  for (const policy of policies) {
    yield* checkWorkflow(policy, existing, { client, now });
  }
}
