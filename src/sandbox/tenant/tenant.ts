import type { WireAnswer, WireError } from '../wire.ts';
import type { Answer, Clock, Cmdlet, Effect } from './cmdlet.ts';
import { CMDLETS } from './cmdlets/list.ts';
import type { Directory } from './directory.ts';
import { type Fault, Faults, type Hits } from './faults.ts';
import { ambiguous, notImitated, Refusal, wouldAsk } from './refusal.ts';
import { Replicas } from './replicas.ts';
import { Seeded } from './seeded.ts';
import { text, type Values } from './values.ts';

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

export interface TenantSettings {
  readonly seed: number;
  /** How many reads pass before a change can be seen. */
  readonly visibilityLagReads: number;
  /** What time it is; the clock on the wall unless it is given. */
  readonly now?: () => Date;
}

/** Calls kept to look at; the counts go on. */
const LOG_LENGTH = 10_000;

/** An Exchange Online tenant in memory. One call at a time: nothing here waits. */
export class Tenant {
  readonly faults: Faults;
  readonly #replicas: Replicas;
  readonly #seeded: Seeded;
  readonly #lagReads: number;
  readonly #now: () => Date;
  readonly #openedAt: Date;
  readonly #counts = new Map<string, number>();
  #log: CallRecord[] = [];
  #calls = 0;

  constructor(make: () => Directory, settings: TenantSettings) {
    this.#replicas = new Replicas(make());
    this.#seeded = new Seeded(settings.seed);
    this.faults = new Faults(this.#seeded);
    this.#lagReads = settings.visibilityLagReads;
    this.#now = settings.now ?? (() => new Date());
    this.#openedAt = this.#now();
  }

  /** The state as it really is, whatever is visible. */
  get truth(): Directory {
    return this.#replicas.truth;
  }

  get calls(): { total: number; counts: Record<string, number>; log: readonly CallRecord[] } {
    return { total: this.#calls, counts: Object.fromEntries(this.#counts), log: this.#log };
  }

  run(cmdlet: string, values: Values): Reply {
    const hits = this.faults.take(cmdlet, values);
    const reply =
      this.#turnAway(cmdlet, values, hits.before) ?? this.#perform(cmdlet, values, hits);
    const failed = reply.kind === 'answer' && reply.answer.errors.length > 0;
    const fault = hits.before ?? hits.answer ?? hits.effect;
    this.#record(cmdlet, values, fault?.kind ?? (failed ? 'refused' : 'done'));
    return reply;
  }

  #turnAway(cmdlet: string, values: Values, fault: Hits['before']): Reply | undefined {
    switch (fault?.kind) {
      case undefined:
        return undefined;
      case 'throttled': {
        const { retryAfterSeconds } = fault;
        const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
        const answer = this.#failed(cmdlet, THROTTLED);
        return { kind: 'turned-away', status: 429, answer, ...wait };
      }
      case 'server-busy':
        return { kind: 'turned-away', status: 503, answer: this.#failed(cmdlet, BUSY) };
      case 'refused':
        return this.#refuse(cmdlet, new Refusal('', fault.exception, fault.message));
      case 'ambiguous':
        return this.#refuse(cmdlet, ambiguous(text(values, 'Identity') ?? ''));
      case 'session-gone':
        return { kind: 'session-gone' };
    }
  }

  #refuse(cmdlet: string, refusal: Refusal): Reply {
    return { kind: 'answer', answer: this.#failed(cmdlet, refusal) };
  }

  #perform(cmdlet: string, values: Values, hits: Hits): Reply {
    const answer = this.#attempt(cmdlet, values, hits.effect);
    return hits.answer === undefined ? { kind: 'answer', answer } : { kind: 'silence' };
  }

  #attempt(cmdlet: string, values: Values, fault: Hits['effect']): WireAnswer {
    try {
      const answer = this.#ask(cmdlet, values);
      this.#settle(answer, fault);
      return { objects: answer.objects ?? [], warnings: answer.warnings ?? [], errors: [] };
    } catch (error) {
      if (error instanceof Refusal) {
        return this.#failed(cmdlet, error);
      }
      throw error;
    }
  }

  #ask(cmdlet: string, values: Values): Answer {
    const behaviour = imitated(cmdlet, values);
    const clock: Clock = { now: this.#now(), openedAt: this.#openedAt };
    if (behaviour.kind === 'write') {
      if (values['Confirm'] !== false) {
        throw wouldAsk(cmdlet);
      }
      return behaviour.run(this.#replicas.truth, values, clock);
    }
    const answer = behaviour.run(this.#replicas.visible, values, clock);
    this.#replicas.countRead();
    return answer;
  }

  /** Lets happen what the answer brings, unless the fault keeps it from happening. */
  #settle({ effect, consequence }: Answer, fault: Hits['effect']): void {
    if (effect === undefined || fault?.kind === 'nothing-done') {
      return;
    }
    const flipBack = fault?.kind === 'flip-back' ? typesOfSynchronised(this.truth) : undefined;
    this.#replicas.apply(effect, fault?.kind === 'late' ? fault.reads : this.#lagReads);
    if (flipBack !== undefined && fault?.kind === 'flip-back') {
      this.#replicas.schedule(flipBack, fault.reads);
    }
    if (consequence !== undefined) {
      this.#replicas.schedule(consequence.effect, consequence.afterReads);
    }
  }

  #failed(cmdlet: string, refusal: Refusal): WireAnswer {
    const server = 'AM6PR06MB5795';
    const request = this.#seeded.guid(`request:${this.#calls}`);
    const time = this.#now().toUTCString();
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

/** Gives every synchronised mailbox the type back that it has now, as the next synchronisation does. */
function typesOfSynchronised(directory: Directory): Effect {
  const types = directory
    .all()
    .filter(({ isDirSynced }) => isDirSynced)
    .map(({ guid, kind }) => ({ guid, kind }));
  return (current) => {
    for (const { guid, kind } of types) {
      current.get(guid).kind = kind;
    }
  };
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
