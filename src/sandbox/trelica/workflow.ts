import { createHash } from 'node:crypto';

/** A person as the HR system knows them. */
export interface TrelicaPerson {
  readonly name: string;
  readonly email: string;
  readonly lineManager?: { readonly name: string; readonly email: string } | undefined;
}

/** Ids of 24 hexadecimal digits, always the same for a seed and a label. */
export function idFor(seed: number, label: string): string {
  return createHash('sha256').update(`${seed}:${label}`).digest('hex').slice(0, 24);
}

export interface Definition {
  readonly id: string;
  readonly name: string;
  readonly apiRequest: string;
  readonly signal: string;
  readonly licence: string;
  readonly failed: string;
}

/** Title of the Signal step in the rehearsal's workflow. */
export const SIGNAL_TITLE = 'Exchange Online';

export function defineWorkflow(seed: number, name: string): Definition {
  return {
    id: idFor(seed, 'workflow'),
    name,
    apiRequest: idFor(seed, 'step:api-request'),
    signal: idFor(seed, 'step:signal'),
    licence: idFor(seed, 'step:licence'),
    failed: idFor(seed, 'step:failed'),
  };
}

/** The definition as `GET /api/workflows/v1` lists it. */
export function describeDefinition(definition: Definition) {
  return {
    id: definition.id,
    name: definition.name,
    enabled: true,
    deleted: false,
    createdDtm: '2026-01-05T09:15:00.000Z',
    lastModifiedDtm: '2026-01-06T10:00:00.000Z',
    trigger: {
      id: `${definition.id.slice(0, 20)}0001`,
      name: 'Person leaves',
      type: 'PersonLeaves',
    },
    steps: [
      { id: definition.apiRequest, name: 'API request', type: 'ApiRequest' },
      { id: definition.signal, name: 'Signal', customName: SIGNAL_TITLE, type: 'Signal' },
      {
        id: definition.licence,
        name: 'Create task',
        customName: 'Remove licence',
        type: 'CreateTask',
      },
      { id: definition.failed, name: 'Create task', customName: 'Ask IT', type: 'CreateTask' },
    ],
  };
}
