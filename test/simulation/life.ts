import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Clock } from '../../src/clock.ts';
import { ServiceError } from '../../src/errors.ts';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import type { Adoption, Job, JobStore, Passage } from '../../src/jobs/store.ts';
import { type Assembly, assemble } from '../../src/service/assemble.ts';
import { UNSEEN } from '../support/unseen.ts';
import { rest } from '../support/virtual-clock.ts';
import type { Host } from './host.ts';
import { exchangeLine, trelicaLine } from './lines.ts';
import type { World } from './world.ts';

const READS = ['find', 'list', 'count', 'nextDueAt', 'history', 'paused', 'close'];

/**
 * One process: the whole service, from its start to its death. Whatever leaves it (a write to the disk,
 * a request, a command) is a moment at which it may die: before, or after and before it knows. From then
 * on nothing comes back to it and nothing leaves it.
 */
export class Life {
  /** Rejects when the process dies: what its clients see. */
  readonly death = Promise.withResolvers<never>();
  readonly #world: World;
  readonly #host: Host;
  readonly #file: string;
  readonly #store: JobStore;
  readonly #assembly: Assembly;
  #isAlive = true;
  #isStopping = false;

  /** Throws what the start of the service throws. */
  constructor(world: World, host: Host, folder: string) {
    this.#world = world;
    this.#host = host;
    this.death.promise.catch(() => undefined);
    this.#file = join(folder, 'jobs.db');
    this.#store = openSqliteStore(this.#file);
    this.#assembly = assemble(world.config, {
      store: this.#watched(this.#store),
      sessions: { status: { obstacle: undefined }, run: exchangeLine(world, this) },
      ...UNSEEN,
      fetch: trelicaLine(world, this),
      clock: this.#clockOf(world.clock),
      random: () => world.chance.next(),
      log: LOG,
    });
  }

  get front(): Assembly['front'] {
    return this.#assembly.front;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** It was asked to end: no request is taken any more. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** As the disk has it. */
  find(id: string): Promise<Job | undefined> {
    return this.#store.find(id);
  }

  jobs(): Promise<readonly Job[]> {
    return this.#store.list({ limit: 1_000 });
  }

  /** Something that leaves the process, and perhaps comes back. */
  async outside<T>(act: () => Promise<T>): Promise<T> {
    this.#world.stillness.disturb();
    if (!this.#survives()) {
      return forever();
    }
    try {
      return await act();
    } finally {
      this.#world.stillness.disturb();
      if (!this.#survives()) {
        await forever();
      }
    }
  }

  #survives(): boolean {
    if (this.#isAlive && this.#world.weather.killsNow()) {
      this.kill();
    }
    return this.#isAlive;
  }

  /** kill -9: what was written is on the disk, and nothing else. */
  kill(): void {
    if (!this.#isAlive) {
      return;
    }
    this.#isAlive = false;
    const folder = this.#host.newFolder();
    for (const suffix of ['', '-wal']) {
      if (existsSync(this.#file + suffix)) {
        copyFileSync(this.#file + suffix, join(folder, `jobs.db${suffix}`));
      }
    }
    this.#over(folder);
    void rest().then(() => this.#store.close());
  }

  async start(): Promise<void> {
    await this.#assembly.runner.start();
    this.#assembly.timer.start();
  }

  /** SIGTERM. */
  async stop(): Promise<void> {
    const { runner, timer, closeTrelica } = this.#assembly;
    this.#isStopping = true;
    await runner.stop({ graceMs: this.#world.config.limits.stopGraceSeconds * 1_000 });
    closeTrelica();
    await timer.stop();
    if (this.#isAlive) {
      this.#isAlive = false;
      await this.#store.close();
      this.#over();
    }
  }

  #over(folder?: string): void {
    this.death.reject(new Error('the process is gone'));
    this.#host.ended(folder);
  }

  /** Nothing that was set off in this process acts after its end. */
  #clockOf(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      wall: () => clock.wall(),
      after: (ms, act) => clock.after(ms, () => this.#isAlive && act()),
    };
  }

  #watched(store: JobStore): JobStore {
    return new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') {
          return method;
        }
        return (...given: readonly unknown[]) =>
          this.outside(async () => {
            if (this.#world.weather.isDiskFull() && !READS.includes(String(name))) {
              throw new ServiceError('jobs.store-unusable', 'the disk is full');
            }
            const value: unknown = await Reflect.apply(method, target, given);
            this.#note(String(name), given, value);
            return value;
          });
      },
    });
  }

  #note(method: string, [id, identity]: readonly unknown[], value: unknown): void {
    const { ledger } = this.#world;
    if (!this.#isAlive) {
      return;
    }
    if (method === 'claim' && value !== undefined) {
      ledger.claimed(value as Job);
    } else if (method === 'adopt' && (value as Adoption).kind === 'adopted') {
      ledger.adopted(String(id), (identity as { lock: string }).lock);
    } else if (method === 'pass' && (value as Passage).kind === 'passed') {
      ledger.passed(String(id));
    } else if (['finish', 'postpone', 'hold'].includes(method)) {
      ledger.left(String(id));
    }
  }
}

const LOG = pino({ level: 'silent' });

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
