import { retryOf, ServiceError } from '../errors.ts';
import type { Workflows } from '../offboarding/ports.ts';
import { trelicaId } from '../offboarding/request.ts';
import type { Client } from './client.ts';
import { PAGE_LIMIT, readPages } from './pages.ts';
import { type WireWorkflow, wireWorkflow } from './wire.ts';

/** Names are configured and workflows edited seldom; a new one is seen soon enough. */
const KEPT_MS = 5 * 60_000;
/** While Trelica does not answer, what was known is good for this long before it is asked again. */
const STALE_KEPT_MS = 15_000;

export interface WorkflowCatalogue extends Workflows {
  /** The definition with this id, with its steps. Throws `trelica.workflow-not-found`. */
  define(id: string): Promise<WireWorkflow>;
}

interface Kept {
  readonly workflow: Promise<WireWorkflow>;
  readonly until: number;
}

/**
 * Workflows by name or id, each looked up once in five minutes; while Trelica is down what was known stays
 * known, so that a webhook can still be taken. `now` is in monotonic milliseconds.
 */
export function createWorkflows(client: Client, now: () => number): WorkflowCatalogue {
  const kept = new Map<string, Kept>();

  const recall = (key: string, look: () => Promise<WireWorkflow>) => {
    const known = kept.get(key);
    if (known !== undefined && now() < known.until) {
      return known.workflow;
    }
    const workflow = look().catch((error: unknown) => {
      if (known !== undefined && retryOf(error) === 'outage') {
        kept.set(key, { ...known, until: now() + STALE_KEPT_MS });
        return known.workflow;
      }
      kept.delete(key);
      throw error;
    });
    kept.set(key, { workflow, until: now() + KEPT_MS });
    return workflow;
  };

  return {
    define: (id) => recall(`id ${id}`, async () => only(await list(client, 'id', id), id)),
    async resolve(nameOrId) {
      const workflow = await recall(`name or id ${nameOrId}`, () => lookUp(client, nameOrId));
      const { id, name } = workflow;
      await recall(`id ${id}`, async () => workflow);
      return { id, name };
    },
  };
}

/** By name, else by id: `GET /{workflowId}` is not documented, a filter on the list is. */
async function lookUp(client: Client, nameOrId: string): Promise<WireWorkflow> {
  const named = await list(client, 'name', nameOrId);
  const isPerhapsId = named.length === 0 && trelicaId.safeParse(nameOrId).success;
  return only(isPerhapsId ? await list(client, 'id', nameOrId) : named, nameOrId);
}

function only(found: readonly WireWorkflow[], nameOrId: string): WireWorkflow {
  const [workflow, ...others] = found;
  const facts = { workflow: nameOrId, found: found.length };
  if (workflow === undefined) {
    const message = `no workflow in Trelica has the name or id ${nameOrId}`;
    throw new ServiceError('trelica.workflow-not-found', message, { facts });
  }
  if (others.length > 0) {
    const message = `${found.length} workflows have the name ${nameOrId}; configure the id instead`;
    throw new ServiceError('trelica.workflow-ambiguous', message, { facts });
  }
  return workflow;
}

/** Compared here once more, so that a filter read in another way never picks a workflow for us. */
async function list(
  client: Client,
  member: 'name' | 'id',
  value: string,
): Promise<readonly WireWorkflow[]> {
  const filter = `${member} eq ${JSON.stringify(value)}`;
  const url = client.endpoints.workflows({ filter, limit: PAGE_LIMIT });
  const found: WireWorkflow[] = [];
  for await (const workflow of readPages(client, url, wireWorkflow)) {
    if (workflow[member] === value && workflow.deleted !== true) {
      found.push(workflow);
    }
  }
  return found;
}
