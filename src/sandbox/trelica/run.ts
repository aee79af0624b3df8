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
  completed?: {
    readonly dtm: string;
    readonly nextStepIds: readonly string[];
    readonly newContext?: { readonly person: object };
  };
  failed?: { readonly dtm: string; readonly message: string };
}

/** How a run differs from the simplest one. */
export interface RunShape {
  /** Where the line manager is told: in the run, by a step before the Signal, or only in the person's record. */
  readonly managerIn?: 'run' | 'step' | 'record' | undefined;
  /** How often a loop comes to the Signal step. */
  readonly rounds?: number | undefined;
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
  readonly #shape: RunShape;
  #round = 1;

  constructor(
    id: string,
    person: TrelicaPerson,
    definition: Definition,
    place: Place,
    shape: RunShape = {},
  ) {
    this.#shape = shape;
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
    this.#comeToSignal();
  }

  /** In a loop the links have the id of the iteration. */
  #comeToSignal(): void {
    const { signal, id: workflowId } = this.#definition;
    const query = this.#isLoop ? `?iterationId=${this.#round}` : '';
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
        actions: ACTIONS.map((name) => ({
          name,
          href: `${this.#place.baseUrl}${path}/${name}${query}`,
        })),
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

  /** `iteration` is the one of the link, null outside a loop. */
  fire(stepId: string, action: string, iteration: string | null = null): Firing {
    const outcome = this.#outcomeOf(stepId, action, iteration);
    this.firings.push({ action, at: this.#dtm(), outcome });
    if (outcome === 'fired' && action !== 'Fail' && this.#round < (this.#shape.rounds ?? 1)) {
      this.#round += 1;
      this.#complete(stepId, [stepId]);
      this.#comeToSignal();
    } else if (outcome === 'fired') {
      const next = action === 'Fail' ? this.#definition.failed : this.#definition.licence;
      this.#complete(stepId, [next]);
      this.steps.push({ id: next, type: 'CreateTask', name: 'Create task', status: 'Completed' });
      this.status = 'Completed';
    }
    return outcome;
  }

  get personId(): string {
    return this.id.split('').reverse().join('');
  }

  get #isLoop(): boolean {
    return (this.#shape.rounds ?? 1) > 1;
  }

  /** The person as the People API shows them. */
  describePerson() {
    return { id: this.personId, personType: 'Employee', status: 'Active', ...this.person };
  }

  /** As the API shows it. */
  describe() {
    const { lineManager: known, ...person } = this.person;
    const lineManager = (this.#shape.managerIn ?? 'run') === 'run' ? known : undefined;
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
          id: this.personId,
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

  #outcomeOf(stepId: string, action: string, iteration: string | null): Firing {
    const step = this.#step(stepId);
    if (step === undefined) {
      return stepId === this.#definition.signal ? 'not-waiting' : 'unknown-step';
    }
    if (step.status !== 'Waiting' || (this.#isLoop && iteration !== String(this.#round))) {
      return 'not-waiting';
    }
    return step.waiting?.actions.some(({ name }) => name === action) ? 'fired' : 'unknown-action';
  }

  #complete(stepId: string, nextStepIds: readonly string[]): void {
    const step = this.#step(stepId);
    if (step !== undefined) {
      step.status = 'Completed';
      delete step.waiting;
      const isTelling = this.#shape.managerIn === 'step' && stepId === this.#definition.apiRequest;
      step.completed = {
        dtm: this.#dtm(),
        nextStepIds,
        ...(isTelling ? { newContext: { person: this.person } } : {}),
      };
    }
  }

  #step(id: string): RunStep | undefined {
    return this.steps.findLast((step) => step.id === id);
  }

  #dtm(inMs = 0): string {
    return new Date(this.#place.now() + inMs).toISOString();
  }
}
