import type { WireAnswer, WireError } from '../wire.ts';
import type { Answer, Cmdlet, Values } from './cmdlet.ts';
import { CMDLETS } from './cmdlets/list.ts';
import type { Directory } from './directory.ts';
import { type Fault, Faults } from './faults.ts';
import { notImitated, Refusal, wouldAsk } from './refusal.ts';
import { Replicas } from './replicas.ts';
import { Seeded } from './seeded.ts';

export interface CallRecord {
  readonly number: number;
  readonly cmdlet: string;
  readonly parameters: Values;
  readonly outcome: 'done' | 'refused' | Fault['kind'];
}

/** What became of a call: an answer, perhaps with an HTTP status of its own, or none at all. */
export type Reply =
  | { readonly kind: 'answer'; readonly answer: WireAnswer }
  | {
      readonly kind: 'turned-away';
      readonly status: 429 | 503;
      readonly answer: WireAnswer;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'session-gone' }
  | { readonly kind: 'silence' };

/** Calls kept to look at; the counts go on. */
const LOG_LENGTH = 10_000;

/** An Exchange Online tenant in memory. One call at a time: nothing here waits. */
export class Tenant {
  readonly faults = new Faults();
  readonly #replicas: Replicas;
  readonly #seeded: Seeded;
  readonly #counts = new Map<string, number>();
  #log: CallRecord[] = [];
  #calls = 0;

  constructor(
    make: () => Directory,
    options: { readonly seed: number; readonly visibilityLagReads: number },
  ) {
    this.#replicas = new Replicas(make, options.visibilityLagReads);
    this.#seeded = new Seeded(options.seed);
  }

  /** The state as it really is, whatever is visible. */
  get truth(): Directory {
    return this.#replicas.truth;
  }

  get calls(): { total: number; counts: Record<string, number>; log: readonly CallRecord[] } {
    return { total: this.#calls, counts: Object.fromEntries(this.#counts), log: this.#log };
  }

  run(cmdlet: string, values: Values): Reply {
    const fault = this.faults.take(cmdlet, values['Identity']);
    const reply = this.#reply(cmdlet, values, fault);
    const failed = reply.kind === 'answer' && reply.answer.errors.length > 0;
    this.#record(cmdlet, values, fault?.kind ?? (failed ? 'refused' : 'done'));
    return reply;
  }

  #reply(cmdlet: string, values: Values, fault: Fault | undefined): Reply {
    switch (fault?.kind) {
      case 'throttled':
        return this.#turnAway(cmdlet, 429, THROTTLED, fault.retryAfterSeconds);
      case 'server-busy':
        return this.#turnAway(cmdlet, 503, BUSY);
      case 'refused':
        return {
          kind: 'answer',
          answer: this.#failed(cmdlet, new Refusal('', fault.exception, fault.message)),
        };
      case 'session-gone':
        return { kind: 'session-gone' };
      default:
        return this.#perform(cmdlet, values, fault?.kind);
    }
  }

  #perform(cmdlet: string, values: Values, fault: 'no-answer' | 'nothing-done' | undefined): Reply {
    const answer = this.#attempt(cmdlet, values, fault !== 'nothing-done');
    return fault === 'no-answer' ? { kind: 'silence' } : { kind: 'answer', answer };
  }

  #attempt(cmdlet: string, values: Values, takesEffect: boolean): WireAnswer {
    try {
      const { objects = [], warnings = [], effect } = this.#ask(cmdlet, values);
      if (effect !== undefined && takesEffect) {
        this.#replicas.apply(effect);
      }
      return { objects, warnings, errors: [] };
    } catch (error) {
      if (error instanceof Refusal) {
        return this.#failed(cmdlet, error);
      }
      throw error;
    }
  }

  #ask(cmdlet: string, values: Values): Answer {
    const behaviour = imitated(cmdlet, values);
    if (behaviour.kind === 'write') {
      if (values['Confirm'] !== false) {
        throw wouldAsk(cmdlet);
      }
      return behaviour.run(this.#replicas.truth, values);
    }
    const answer = behaviour.run(this.#replicas.visible, values);
    this.#replicas.countRead();
    return answer;
  }

  #turnAway(
    cmdlet: string,
    status: 429 | 503,
    refusal: Refusal,
    retryAfterSeconds?: number,
  ): Reply {
    const answer = this.#failed(cmdlet, refusal);
    return {
      kind: 'turned-away',
      status,
      answer,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }

  #failed(cmdlet: string, refusal: Refusal): WireAnswer {
    const server = 'AM6PR06MB5795';
    const request = this.#seeded.guid(`request:${this.#calls}`);
    const time = new Date().toUTCString();
    const error: WireError = {
      message: `${refusal.stringId}|${refusal.exception}|${refusal.message}`,
      reason: refusal.exception.split('.').at(-1) ?? '',
      category: 'NotSpecified',
      activity: cmdlet,
      fullyQualifiedErrorId: `[Server=${server},RequestId=${request},TimeStamp=${time}],Write-ErrorMessage`,
    };
    return { objects: [], warnings: [], errors: [error] };
  }

  #record(cmdlet: string, parameters: Values, outcome: CallRecord['outcome']): void {
    this.#calls += 1;
    this.#counts.set(cmdlet, (this.#counts.get(cmdlet) ?? 0) + 1);
    this.#log.push({ number: this.#calls, cmdlet, parameters, outcome });
    if (this.#log.length > LOG_LENGTH) {
      this.#log = this.#log.slice(-LOG_LENGTH / 2);
    }
  }
}

function imitated(cmdlet: string, values: Values): Cmdlet {
  const behaviour = Object.hasOwn(CMDLETS, cmdlet) ? CMDLETS[cmdlet] : undefined;
  if (behaviour === undefined) {
    throw notImitated(cmdlet);
  }
  const strange = Object.keys(values).find(
    (name) => name !== 'Confirm' && !behaviour.parameters.includes(name),
  );
  if (strange !== undefined) {
    throw notImitated(`${cmdlet} -${strange}`);
  }
  return behaviour;
}

/** The module has tried several times by then. */
const THROTTLED = new Refusal(
  '',
  'Microsoft.Exchange.Data.Directory.OverBudgetException',
  'Maximum retry count reached. Response status code does not indicate success: 429 (Too Many Requests).',
);
const BUSY = new Refusal(
  '',
  'Microsoft.Exchange.Data.Directory.ADTransientException',
  'Maximum retry count reached. A server side error has occurred because of which the operation could not be completed. Please try again after some time.',
);
