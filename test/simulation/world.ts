import type { Config } from '../../src/config.ts';
import { faultList } from '../../src/sandbox/tenant/faults.ts';
import { Tenant } from '../../src/sandbox/tenant/tenant.ts';
import type { Run } from '../../src/sandbox/trelica/run.ts';
import { type Answer, type Question, Trelica } from '../../src/sandbox/trelica/start-trelica.ts';
import type { callWebhook } from '../../src/sandbox/trelica/webhook.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { Chance } from './chance.ts';
import { Ledger } from './ledger.ts';
import type { Life } from './life.ts';
import type { Premises } from './premises.ts';
import { Stillness } from './stillness.ts';
import { HOUR, Weather } from './weather.ts';

/** When all simulations begin; any date would do. */
const BEGINNING = Date.UTC(2026, 0, 12, 7);
/** How long things go wrong. */
export const WILD_MS = 4 * HOUR;

/** What is outside the service's machine and stays whatever happens to it: time, Trelica, the tenant. */
export class World {
  readonly chance: Chance;
  readonly stillness = new Stillness();
  readonly clock = new VirtualClock(BEGINNING, () => this.stillness.reached());
  readonly weather: Weather;
  readonly tenant: Tenant;
  readonly trelica: Trelica;
  readonly ledger: Ledger;
  readonly config: Config;
  /** How Trelica's API request step calls the service. */
  callWebhook: typeof callWebhook = () => Promise.reject(new Error('nobody is called yet'));

  constructor(seed: number, { configs, directory, people }: Premises) {
    this.chance = new Chance(seed);
    const config = this.chance.pick(configs);
    this.weather = new Weather(this.chance, this.clock, WILD_MS);
    const now = () => this.clock.now();
    this.tenant = new Tenant(() => directory.copy(), {
      seed: 1,
      visibilityLagReads: this.chance.pick([0, 0, 1, 3]),
      now: () => new Date(now()),
    });
    this.tenant.faults.order(faultList.parse(this.weather.tenantFaults()));
    this.trelica = new Trelica({
      people,
      now,
      callWebhook: (...given) => this.callWebhook(...given),
    });
    this.trelica.baseUrl = config.trelica.baseUrl.origin;
    const { clientId, clientSecret } = this.trelica.desk;
    const brakes = { ...config.brakes, perHour: this.chance.pick([1, 2, 20]) };
    this.ledger = new Ledger(this.clock, this.tenant, () => this.runs(), brakes.perHour);
    this.config = {
      ...config,
      brakes,
      trelica: { ...config.trelica, clientId },
      secrets: { ...config.secrets, trelicaClientSecret: clientSecret },
    };
  }

  runs(): readonly Run[] {
    return [...this.trelica.runs.values()];
  }

  wait(ms: number): Promise<void> {
    this.stillness.disturb();
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  /** What a process sent before it died may arrive or not. Rejects if it does not. */
  async mayBeLostWith(life: Life): Promise<void> {
    if (!life.isAlive && this.chance.oneIn(2)) {
      throw new Error('the sender is dead');
    }
  }

  /** A request of the service arrives at Trelica; `sentAt` is when it was sent. */
  async askTrelica(question: Question, sentAt: number): Promise<Answer> {
    const [, runId, action] =
      /runs\/([^/]+)\/firedSignals\/[^/]+\/([^/]+)$/.exec(question.url.pathname) ?? [];
    const run = this.trelica.runs.get(runId ?? '');
    if (run === undefined || action === undefined) {
      return this.#answer(question);
    }
    this.ledger.firing(run, action, sentAt);
    const calls = run.firings.length;
    const answer = await this.#answer(question);
    if (run.firings.slice(calls).some(({ outcome }) => outcome === 'fired')) {
      this.ledger.fired(run, { by: 'service', action });
    }
    return answer;
  }

  #answer(question: Question): Promise<Answer> {
    return this.trelica
      .answer(question)
      .catch((error: unknown) => ({ status: 400, body: { detail: String(error) } }));
  }
}
