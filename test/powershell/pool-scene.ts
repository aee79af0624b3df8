import { pino } from 'pino';
import { ServiceError } from '../../src/errors.ts';
import type { PooledSession } from '../../src/powershell/member.ts';
import { Pool } from '../../src/powershell/pool.ts';
import type { Health, PoolSettings } from '../../src/powershell/pool-parts.ts';
import type { SessionEnd, SessionState, Vitals } from '../../src/powershell/session.ts';
import type { CommandOutcome } from '../../src/powershell/sessions.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

export const REQUEST = { command: 'Get-Mailbox', parameters: {}, properties: [] };
export const LIMITS = { timeoutMs: 1_000_000 };
const DONE: CommandOutcome = { kind: 'completed', rows: [], warnings: [] };

/** A session whose commands end when somebody says so. */
export class FakeSession implements PooledSession {
  state: SessionState = 'ready';
  readonly #end = Promise.withResolvers<SessionEnd>();
  readonly ended = this.#end.promise;
  command: PromiseWithResolvers<CommandOutcome> | undefined;
  vitals: Vitals | undefined = { memoryBytes: 1, operations: 0, busy: false };
  /** Whether it ends when asked to. */
  isMortal = true;
  commands = 0;
  wasDisconnected = false;

  run(): Promise<CommandOutcome> {
    if (this.state !== 'ready') {
      throw new Error(`a ${this.state} session was given a command`);
    }
    this.state = 'busy';
    this.commands += 1;
    this.command = Promise.withResolvers<CommandOutcome>();
    return this.command.promise;
  }

  finish(outcome: CommandOutcome = DONE): void {
    this.state = 'ready';
    this.command?.resolve(outcome);
    this.command = undefined;
  }

  die(): void {
    this.state = 'dead';
    this.command?.reject(new ServiceError('powershell.session-lost', 'died'));
    this.command = undefined;
    this.#end.resolve({ reason: 'died', exit: undefined });
  }

  async ping(): Promise<Vitals | undefined> {
    return this.vitals;
  }

  async stop(): Promise<void> {
    if (this.isMortal) {
      this.die();
    }
  }
}

/** A pool on fake sessions and a clock that the test moves. */
export class PoolScene {
  readonly clock = new VirtualClock();
  readonly sessions: FakeSession[] = [];
  readonly pool: Pool<FakeSession>;
  opened = 0;
  /** What an operator is told as an error. */
  readonly errors: string[] = [];
  /** Awaited in each start and each connect; what they throw makes it fail. */
  onStart: () => void | Promise<void> = () => undefined;
  onConnect: (session: FakeSession) => void | Promise<void> = () => undefined;
  /** What is said of every outcome. */
  health: Health = { kind: 'sound' };
  random: () => number = () => 0.5;

  constructor(settings: Partial<PoolSettings> = {}) {
    const whole: PoolSettings = {
      minimum: 1,
      maximum: 1,
      line: { limit: 10, timeoutMs: 10_000 },
      recycle: { operations: 1_000, ageMs: 3_600_000, memoryBytes: 500, idleMs: 600_000 },
      beatMs: 20_000,
      ...settings,
    };
    this.pool = new Pool<FakeSession>(whole, {
      start: () => this.#start(),
      connect: async (session) => this.onConnect(session),
      run: (session) => session.run(),
      disconnect: async (session) => {
        session.wasDisconnected = true;
      },
      healthOf: () => this.health,
      isFinal: (error) =>
        error instanceof ServiceError && error.code === 'exchange.sign-in-refused',
      clock: this.clock,
      random: () => this.random(),
      log: pino({ level: 'error' }, { write: (line) => this.errors.push(line) }),
    });
  }

  get alive(): readonly FakeSession[] {
    return this.sessions.filter(({ state }) => state !== 'dead');
  }

  get working(): readonly FakeSession[] {
    return this.sessions.filter(({ command }) => command !== undefined);
  }

  run(signal?: AbortSignal): Promise<CommandOutcome> {
    return this.pool.run(REQUEST, { ...LIMITS, ...(signal === undefined ? {} : { signal }) });
  }

  async #start(): Promise<FakeSession> {
    this.opened += 1;
    await this.onStart();
    const session = new FakeSession();
    this.sessions.push(session);
    return session;
  }
}
