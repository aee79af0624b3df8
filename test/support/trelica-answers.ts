import type { ServerResponse } from 'node:http';
import type { WireRun, WireRunStep, WireWorkflow } from '../../src/trelica/wire.ts';
import { answerJson, type Script, type Seen } from './scripted-trelica.ts';

export const WORKFLOW: WireWorkflow = {
  id: 'workflow1',
  name: 'Leaver mail',
  enabled: true,
  deleted: false,
  steps: [
    { id: 'step1', type: 'ApiRequest', name: 'API request' },
    { id: 'step2', type: 'Signal', name: 'Signal' },
  ],
};

export const CONTINUE_PATH = '/api/workflows/v1/workflow1/runs/run1/firedSignals/step2/Continue';

export const WAITING_STEP: WireRunStep = {
  id: 'step2',
  name: 'Signal',
  status: 'Waiting',
  waiting: {
    dtm: '2025-03-01T08:00:05.000Z',
    untilDtm: '2025-03-08T08:00:00Z',
    actions: [{ name: 'Continue', href: CONTINUE_PATH }],
  },
};

/** A run of WORKFLOW that waits at its step `Signal`; `changes` replaces members. */
export function aRun(changes: Partial<WireRun> = {}): WireRun {
  return {
    id: 'run1',
    name: 'Lee Leaver',
    status: 'Waiting',
    context: {
      person: {
        name: 'Lee Leaver',
        email: 'lee@example.org',
        lineManager: { email: 'max@example.org' },
      },
    },
    steps: [{ id: 'step1', name: 'API request', status: 'Completed', completed: {} }, WAITING_STEP],
    ...changes,
  };
}

/** An API of workflows and runs, without a filter of its own: what is given is what is listed. */
export function apiOf(parts: {
  readonly workflows?: readonly unknown[];
  readonly runs?: (seen: Seen, response: ServerResponse) => void;
}): Script {
  return (seen, response) => {
    if (seen.path === '/api/workflows/v1') {
      answerJson(response, 200, { results: parts.workflows ?? [WORKFLOW] });
    } else {
      (parts.runs ?? ((_, r) => answerJson(r, 404, {})))(seen, response);
    }
  };
}
