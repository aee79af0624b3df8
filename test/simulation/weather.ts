import type { Clock } from '../../src/clock.ts';
import type { FaultOrder } from '../../src/sandbox/tenant/faults.ts';
import type { Chance } from './chance.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What one request to Trelica meets. */
export type TrelicaTrouble =
  | 'refused'
  | 'silence'
  | 'silence after effect'
  | 'lost'
  | 'error'
  | 'error-after-effect'
  | 'throttled'
  | 'html'
  | 'garbage'
  | 'revoked';
/** What one command in a session meets. */
export type ExchangeTrouble = 'unavailable' | 'lost-before' | 'lost-after' | 'timed-out';

interface Storm<T> {
  readonly from: number;
  readonly until: number;
  readonly trouble: T;
}

const TRELICA: readonly TrelicaTrouble[] = [
  'refused',
  'silence',
  'silence after effect',
  'lost',
  'error',
  'error-after-effect',
  'throttled',
  'html',
  'garbage',
  'revoked',
];
const TRELICA_STORMS: readonly TrelicaTrouble[] = ['refused', 'error', 'throttled', 'html'];
const EXCHANGE: readonly ExchangeTrouble[] = ['lost-before', 'lost-after', 'timed-out'];
const TENANT: readonly FaultOrder['kind'][] = [
  'throttled',
  'server-busy',
  'ambiguous',
  'session-gone',
  'nothing-done',
  'late',
  'no-answer',
];

/** What goes wrong in one seed: drawn at its start, so that some seeds are calm and some are wild. */
export class Weather {
  readonly #chance: Chance;
  readonly #clock: Clock;
  readonly #killOneIn: number;
  readonly #trelicaOneIn: number;
  readonly #exchangeOneIn: number;
  readonly #trelica: readonly Storm<TrelicaTrouble>[];
  readonly #exchange: readonly Storm<ExchangeTrouble>[];
  readonly #disk: readonly Storm<'full'>[];
  #isCalm = false;

  constructor(chance: Chance, clock: Clock, lastsMs: number) {
    this.#chance = chance;
    this.#clock = clock;
    this.#killOneIn = chance.pick([0, 0, 60, 150, 400]);
    this.#trelicaOneIn = chance.pick([0, 10, 30, 100]);
    this.#exchangeOneIn = chance.pick([0, 10, 30, 100]);
    const storms = <T>(kinds: readonly T[], most: number) =>
      Array.from({ length: chance.between(0, most) }, (): Storm<T> => {
        const from = clock.now() + chance.between(0, lastsMs);
        const until =
          from + chance.between(10 * SECOND, chance.pick([MINUTE, 10 * MINUTE, 2 * HOUR]));
        return { from, until, trouble: chance.pick(kinds) };
      });
    this.#trelica = storms(TRELICA_STORMS, 2);
    this.#exchange = storms<ExchangeTrouble>(['unavailable', 'lost-before'], 2);
    this.#disk = storms(['full'], 1);
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.#isCalm = true;
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  killsNow(): boolean {
    return !this.#isCalm && this.#chance.oneIn(this.#killOneIn);
  }

  isDiskFull(): boolean {
    return this.#stormIn(this.#disk) !== undefined;
  }

  /** Mostly quick. */
  latencyMs(): number {
    return this.#chance.oneIn(20)
      ? this.#chance.between(SECOND, 8 * SECOND)
      : this.#chance.between(1, 200);
  }

  trelica(): TrelicaTrouble | undefined {
    return this.#stormIn(this.#trelica) ?? this.#single(this.#trelicaOneIn, TRELICA);
  }

  exchange(): ExchangeTrouble | undefined {
    return this.#stormIn(this.#exchange) ?? this.#single(this.#exchangeOneIn, EXCHANGE);
  }

  /** Faults of the tenant itself, some of them in pairs. */
  tenantFaults(): FaultOrder[] {
    return Array.from({ length: this.#chance.pick([0, 0, 2, 4, 8]) }, () => {
      const target = { after: this.#chance.between(0, 40), times: this.#chance.between(1, 2) };
      const kind = this.#chance.pick(TENANT);
      return kind === 'late'
        ? { kind, reads: this.#chance.between(1, 6), ...target }
        : ({ kind, ...target } as FaultOrder);
    });
  }

  #stormIn<T>(storms: readonly Storm<T>[]): T | undefined {
    const now = this.#clock.now();
    return this.#isCalm
      ? undefined
      : storms.find(({ from, until }) => from <= now && now < until)?.trouble;
  }

  #single<T>(oneIn: number, kinds: readonly T[]): T | undefined {
    return !this.#isCalm && this.#chance.oneIn(oneIn) ? this.#chance.pick(kinds) : undefined;
  }
}
