import { ServiceError } from '../errors.ts';
import type { Workflows } from '../offboarding/ports.ts';
import { trelicaId } from '../offboarding/request.ts';
import type { Client } from './client.ts';
import { PAGE_LIMIT, readPages } from './pages.ts';
import { type WireWorkflow, wireWorkflow } from './wire.ts';

/** Names are configured and workflows edited seldom; a new one is seen soon enough. */
const KEPT_MS = 5 * 60_000;

export interface WorkflowCatalogue extends Workflows {
  /** The whole definition, with its steps. Throws as `resolve`. */
  define(nameOrId: string): Promise<WireWorkflow>;
}

interface Kept {
  readonly workflow: Promise<WireWorkflow>;
  readonly until: number;
}

/** Workflows by name or id, each looked up once in five minutes. `now` is in monotonic milliseconds. */
export function createWorkflows(client: Client, now: () => number): WorkflowCatalogue {
  const kept = new Map<string, Kept>();

  const keep = (key: string, workflow: Promise<WireWorkflow>) => {
    const entry = { workflow, until: now() + KEPT_MS };
    kept.set(key, entry);
    return entry;
  };

  const forgetOld = () => {
    for (const [key, { until }] of kept) {
      if (until <= now()) {
        kept.delete(key);
      }
    }
  };

  const look = async (nameOrId: string): Promise<WireWorkflow> => {
    try {
      const workflow = await lookUp(client, nameOrId);
      keep(workflow.id, Promise.resolve(workflow));
      return workflow;
    } catch (error) {
      kept.delete(nameOrId);
      throw error;
    }
  };

  const define = (nameOrId: string): Promise<WireWorkflow> => {
    forgetOld();
    return (kept.get(nameOrId) ?? keep(nameOrId, look(nameOrId))).workflow;
  };

  return {
    define,
    async resolve(nameOrId) {
      const { id, name } = await define(nameOrId);
      return { id, name };
    },
  };
}

/** By name, else by id: `GET /{workflowId}` is not documented, a filter on the list is. */
async function lookUp(client: Client, nameOrId: string): Promise<WireWorkflow> {
  const byName = await list(client, 'name', nameOrId);
  const found =
    byName.length === 0 && trelicaId.safeParse(nameOrId).success
      ? await list(client, 'id', nameOrId)
      : byName;
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
