import type { Definition, TrelicaPerson } from './workflow.ts';
import { SIGNAL_TITLE } from './workflow.ts';

export const ACTIONS = ['Continue', 'Fail'] as const;

export interface RunStep {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly customName?: string;
  status: 'Running' | 'Waiting' | 'Completed' | 'Failed';
  waiting?: {
    readonly dtm: string;
    readonly untilDtm: string;
    readonly actions: readonly { readonly name: string; readonly href: string }[];
  };
  completed?: { readonly dtm: string; readonly nextStepIds: readonly string[] };
  failed?: { readonly dtm: string; readonly message: string };
}

export type Firing = 'fired' | 'unknown-step' | 'unknown-action' | 'not-waiting';

export interface Place {
  readonly baseUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const THIRTY_DAYS_MS = 30 * 24 * 60 * 60 * 1_000;

/** One run of the workflow for one person, step by step as Trelica takes it. */
export class Run {
  readonly id: string;
  readonly person: TrelicaPerson;
  /** Every call of the signal's address, with what came of it. */
  readonly firings: { readonly action: string; readonly at: string; readonly outcome: Firing }[] =
    [];
  readonly fields: Record<string, unknown> = {};
  readonly steps: RunStep[] = [];
  status = 'Running';
  readonly #definition: Definition;
  readonly #place: Place;
  readonly #createdDtm: string;

  constructor(id: string, person: TrelicaPerson, definition: Definition, place: Place) {
    this.id = id;
    this.person = person;
    this.#definition = definition;
    this.#place = place;
    this.#createdDtm = this.#dtm();
    const { apiRequest } = definition;
    this.steps.push({ id: apiRequest, type: 'ApiRequest', name: 'API request', status: 'Running' });
  }

  /** The API request step got its answer: only now does the run come to the Signal step. */
  apiRequestAnswered(fields: Readonly<Record<string, unknown>>): void {
    Object.assign(this.fields, fields);
    this.#complete(this.#definition.apiRequest, [this.#definition.signal]);
    const { signal, id: workflowId } = this.#definition;
    const path = `/api/workflows/v1/${workflowId}/runs/${this.id}/firedSignals/${signal}`;
    this.steps.push({
      id: signal,
      type: 'Signal',
      name: 'Signal',
      customName: SIGNAL_TITLE,
      status: 'Waiting',
      waiting: {
        dtm: this.#dtm(),
        untilDtm: this.#dtm(THIRTY_DAYS_MS),
        actions: ACTIONS.map((name) => ({ name, href: `${this.#place.baseUrl}${path}/${name}` })),
      },
    });
    this.status = 'Waiting';
  }

  apiRequestFailed(message: string): void {
    const step = this.#step(this.#definition.apiRequest);
    if (step !== undefined) {
      step.status = 'Failed';
      step.failed = { dtm: this.#dtm(), message };
    }
    this.status = 'Failed';
  }

  fire(stepId: string, action: string): Firing {
    const outcome = this.#outcomeOf(stepId, action);
    this.firings.push({ action, at: this.#dtm(), outcome });
    if (outcome === 'fired') {
      const next = action === 'Fail' ? this.#definition.failed : this.#definition.licence;
      this.#complete(stepId, [next]);
      this.steps.push({ id: next, type: 'CreateTask', name: 'Create task', status: 'Completed' });
      this.status = 'Completed';
    }
    return outcome;
  }

  /** As the API shows it. */
  describe() {
    const { lineManager, ...person } = this.person;
    return {
      id: this.id,
      name: person.name,
      status: this.status,
      createdBy: { userId: '0d0f6c8e-0000-4000-8000-000000000002', name: 'System' },
      createdDtm: this.#createdDtm,
      lastModifiedDtm: this.#dtm(),
      deleted: false,
      context: {
        person: {
          id: this.id.split('').reverse().join(''),
          ...person,
          leavingDate: `${this.#createdDtm.slice(0, 10)}T00:00:00Z`,
          customFields: { privatemail: null },
          ...(lineManager === undefined ? {} : { lineManager }),
        },
        ...(Object.keys(this.fields).length === 0 ? {} : { fields: this.fields }),
      },
      trigger: {
        id: `${this.#definition.id.slice(0, 20)}0001`,
        type: 'PersonLeaves',
        status: 'Completed',
        completed: { dtm: this.#createdDtm, nextStepIds: [this.#definition.apiRequest] },
      },
      steps: this.steps,
    };
  }

  #outcomeOf(stepId: string, action: string): Firing {
    const step = this.#step(stepId);
    if (step === undefined) {
      return stepId === this.#definition.signal ? 'not-waiting' : 'unknown-step';
    }
    if (step.status !== 'Waiting') {
      return 'not-waiting';
    }
    return step.waiting?.actions.some(({ name }) => name === action) ? 'fired' : 'unknown-action';
  }

  #complete(stepId: string, nextStepIds: readonly string[]): void {
    const step = this.#step(stepId);
    if (step !== undefined) {
      step.status = 'Completed';
      delete step.waiting;
      step.completed = { dtm: this.#dtm(), nextStepIds };
    }
  }

  #step(id: string): RunStep | undefined {
    return this.steps.find((step) => step.id === id);
  }

  #dtm(inMs = 0): string {
    return new Date(this.#place.now() + inMs).toISOString();
  }
}
