import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Front, HttpRequest, Reply } from './front.ts';
import { Life } from './life.ts';
import type { Premises } from './premises.ts';
import { HOUR, MINUTE, SECOND } from './weather.ts';
import type { World } from './world.ts';

/** The machine: its disk, and what starts the process again whenever it has ended. */
export class Host {
  readonly #world: World;
  readonly #front: Front;
  readonly #root: string;
  #folders = 0;
  #folder: string;
  #life: Life | undefined;

  constructor(world: World, seed: number, { front, root }: Premises) {
    this.#world = world;
    this.#front = front;
    this.#root = join(root, String(seed));
    this.#folder = this.newFolder();
  }

  get life(): Life | undefined {
    return this.#life?.isAlive ? this.#life : undefined;
  }

  async start(): Promise<void> {
    const { ledger } = this.#world;
    try {
      this.#life = new Life(this.#world, this, this.#folder);
      await Promise.race([this.#life.start(), this.#life.death.promise]);
      await this.#holdsWhatWasAcknowledged(this.#life);
      ledger.count('starts');
    } catch (error) {
      ledger.tell(`start failed: ${error}`);
      this.life?.kill();
    }
  }

  /** Sends a request to the process. Undefined if it is not there, or gone before it has answered. */
  async request(request: HttpRequest): Promise<Reply | undefined> {
    const { life } = this;
    if (life === undefined || life.isStopping) {
      return undefined;
    }
    try {
      return await this.#world.stillness.during(this.#front.send(life, request));
    } catch (error) {
      if (life.isAlive) {
        throw error;
      }
      return undefined;
    }
  }

  /** An empty folder on the disk. */
  newFolder(): string {
    const folder = join(this.#root, String(this.#folders));
    this.#folders += 1;
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** The process has ended, and this is where its disk is now. */
  ended(folder = this.#folder): void {
    const { chance, clock, ledger, weather } = this.#world;
    ledger.tell('the process ended');
    ledger.count('ends');
    ledger.died();
    this.#folder = folder;
    const longest = weather.isCalm ? SECOND : chance.pick([SECOND, MINUTE, 10 * MINUTE, 2 * HOUR]);
    clock.after(chance.between(1, longest), () => void this.start());
  }

  close(): void {
    this.life?.kill();
    rmSync(this.#root, { recursive: true, force: true });
  }

  async #holdsWhatWasAcknowledged(life: Life): Promise<void> {
    for (const id of this.#world.ledger.acknowledged.keys()) {
      if ((await life.find(id)) === undefined) {
        this.#world.ledger.violated(`job ${id} was acknowledged and is lost`);
      }
    }
  }
}
