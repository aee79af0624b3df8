import { randomUUID } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { CallInFlight } from './call-in-flight.ts';
import type { Channel } from './channel.ts';
import { assertRequest } from './encode-frame.ts';
import type { AllowList, AnswerFrame, CommandRequest, HelloFrame, ResultFrame } from './frames.ts';
import type { Pty, PtyExit } from './pty.ts';
import type { CommandLimits, CommandOutcome, Sessions } from './sessions.ts';

/**
 * The life of a session, written down and asserted at every move.
 *   starting   the process runs, the worker has not proved itself
 *   ready      waits for a command
 *   busy       runs one
 *   stopping   is being ended; takes nothing any more
 *   dead       process and socket are gone, the folder is deleted
 */
const MOVES = {
  starting: ['ready', 'stopping', 'dead'],
  ready: ['busy', 'stopping', 'dead'],
  busy: ['ready', 'stopping', 'dead'],
  stopping: ['dead'],
  dead: [],
} as const satisfies Record<string, readonly string[]>;
export type SessionState = keyof typeof MOVES;

/** How long each step of ending a session may take before the next, harder one. */
export interface Graces {
  readonly cancelMs: number;
  readonly interruptMs: number;
  readonly killMs: number;
}
const GRACES: Graces = { cancelMs: 5_000, interruptMs: 3_000, killMs: 2_000 };

export interface SessionParts {
  /** Names it in the log; a random one if left out. */
  readonly id?: string;
  readonly graces?: Graces;
  readonly log: Logger;
}

export interface SessionEnd {
  readonly reason: string;
  readonly exit: PtyExit | undefined;
}

export interface Vitals {
  readonly memoryBytes: number;
  readonly operations: number;
  readonly busy: boolean;
}

/** One pwsh process: one command at a time, and after anything odd none any more. */
export class Session implements Sessions {
  readonly id: string;
  /** Resolves when the process and its folder are gone. Never rejects. */
  readonly ended: Promise<SessionEnd>;
  readonly #channel: Channel;
  readonly #pty: Pty;
  readonly #log: Logger;
  readonly #graces: Graces;
  readonly #startedAt = performance.now();
  readonly #pings = new Map<number, (vitals: Vitals) => void>();
  readonly #greeting = Promise.withResolvers<HelloFrame>();
  #state: SessionState = 'starting';
  #engineVersion = '';
  #running: CallInFlight | undefined;
  #allow: AllowList = {};
  #lastId = 0;
  #reason: string | undefined;
  #stopping: Promise<void> | undefined;

  constructor(channel: Channel, pty: Pty, options: SessionParts) {
    this.id = options.id ?? randomUUID().slice(0, 8);
    this.#channel = channel;
    this.#pty = pty;
    this.#graces = options.graces ?? GRACES;
    this.#log = options.log.child({ sessionId: this.id, shellPid: pty.pid });
    // Whoever waits for the greeting hears of its failure; if nobody does, it is no fault of its own.
    this.#greeting.promise.catch(() => undefined);
    channel.attach({
      onHello: (hello) => this.#greeting.resolve(hello),
      onFrame: (frame) => this.#receive(frame),
      onEnd: (error) => this.#lose(error?.message ?? 'the socket closed', error),
    });
    this.ended = pty.exited.then((exit) => this.#bury(exit));
    this.#log.info('session starting');
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Of the shell, not of the worker, which may be a child of a wrapper. */
  get pid(): number {
    return this.#pty.pid;
  }

  /** The version of PowerShell, as the worker greeted with it: `7.6.5`. */
  get engineVersion(): string {
    return this.#engineVersion;
  }

  get ageMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Waits for the worker to prove itself. */
  async greeted(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const onAbort = () => this.#lose('given up while starting');
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) {
      onAbort();
    }
    const timer = setTimeout(() => this.#lose(`no greeting within ${timeoutMs} ms`), timeoutMs);
    try {
      const { engine, engineVersion, pid } = await this.#greeting.promise;
      this.#engineVersion = engineVersion;
      this.#move('ready');
      const ms = Math.round(this.ageMs);
      this.#log.info({ engine, engineVersion, workerPid: pid, ms }, 'session ready');
    } catch (cause) {
      await this.stop('start failed');
      throw new ServiceError(
        'powershell.start-failed',
        `the shell did not start: ${this.#reason}`,
        {
          facts: { console: this.#pty.tail },
          cause,
        },
      );
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Imports modules and fixes which commands and parameters the session may run. The rows are what was
   * loaded, each with `Name` and `Version`. Throws like `run`; a module that can't be imported is a failed
   * outcome.
   */
  async prepare(
    setup: {
      readonly modules: readonly { readonly name: string; readonly version?: string }[];
      readonly allow: AllowList;
    },
    limits: CommandLimits,
  ): Promise<CommandOutcome> {
    this.#allow = setup.allow;
    return this.#exchange((id) => ({ v: 1, type: 'prepare', id, ...setup }), limits);
  }

  async run(request: CommandRequest, limits: CommandLimits): Promise<CommandOutcome> {
    assertRequest(request, this.#allow);
    return this.#exchange((id) => ({ v: 1, type: 'run', id, ...request }), limits);
  }

  /** Asks the worker how it is, also while a command runs; undefined if it does not answer in time. */
  async ping(timeoutMs: number): Promise<Vitals | undefined> {
    const id = this.#nextId();
    const answer = Promise.withResolvers<Vitals | undefined>();
    this.#pings.set(id, answer.resolve);
    const timer = setTimeout(() => answer.resolve(undefined), timeoutMs);
    void this.ended.then(() => answer.resolve(undefined));
    try {
      this.#channel.send({ v: 1, type: 'ping', id });
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#pings.delete(id);
    }
  }

  /**
   * Ends the session, gently first: cancel and `exit`, then the interrupt key, then SIGKILL of the
   * group. Resolves when it is dead or nothing more can be done. May be called at any time and twice.
   */
  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#end(reason);
    return this.#stopping;
  }

  async #exchange(
    frameFor: (id: number) => Parameters<Channel['send']>[0],
    { timeoutMs, signal }: CommandLimits,
  ): Promise<CommandOutcome> {
    if (signal?.aborted) {
      throw cancelled(signal);
    }
    this.#move('busy');
    const call = new CallInFlight(this.#nextId());
    this.#running = call;
    const timer = setTimeout(() => this.#abandon(timedOut(timeoutMs)), timeoutMs);
    const onAbort = () => this.#abandon(cancelled(signal));
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      this.#send(frameFor(call.id));
      return await call.outcome;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** A frame that can't be encoded was never sent: the session is as good as before. */
  #send(frame: Parameters<Channel['send']>[0]): void {
    try {
      this.#channel.send(frame);
    } catch (error) {
      this.#running = undefined;
      this.#move('ready');
      throw error;
    }
  }

  /** Gives a command up: its caller hears of it when it has stopped or the process is dead. */
  #abandon(error: ServiceError): void {
    if (this.#running !== undefined && this.#stopping === undefined) {
      this.#running.giveUp(error);
      void this.stop(error.message);
    }
  }

  #receive(frame: AnswerFrame): void {
    switch (frame.type) {
      case 'item':
        this.#current(frame.id).add(frame.rows);
        return;
      case 'result':
        this.#finish(frame);
        return;
      case 'pong':
        this.#pings.get(frame.id)?.(frame);
        return;
      case 'log':
        this.#log.debug({ message: frame.message }, 'worker says');
        return;
      case 'bye':
        this.#log.debug({ reason: frame.reason }, 'worker leaves');
        return;
    }
  }

  #finish(frame: ResultFrame): void {
    const running = this.#current(frame.id);
    this.#running = undefined;
    if (this.#state === 'busy') {
      this.#move('ready');
    }
    running.finish(frame);
  }

  #current(id: number): CallInFlight {
    if (this.#running?.id !== id) {
      throw new ServiceError('powershell.protocol-violated', 'an answer to no question', {
        facts: { id },
      });
    }
    return this.#running;
  }

  /** Something odd happened: whatever ran has an unknown outcome. */
  #lose(reason: string, cause?: Error): void {
    void this.stop(reason);
    this.#fail(reason, cause);
  }

  /** What broke the session keeps its code; else all that is known is that it is gone. */
  #fail(reason: string, cause?: Error): void {
    const facts = { sessionId: this.id };
    const lost =
      cause instanceof ServiceError
        ? new ServiceError(cause.code, cause.message, {
            facts: { ...cause.facts, ...facts },
            cause,
          })
        : new ServiceError('powershell.session-lost', `the session ended: ${reason}`, { facts });
    this.#running?.lose(lost);
    this.#running = undefined;
    this.#greeting.reject(lost);
  }

  async #end(reason: string): Promise<void> {
    if (this.#state === 'dead') {
      return;
    }
    this.#reason = reason;
    this.#move('stopping');
    const { cancelMs, interruptMs, killMs } = this.#graces;
    const gently = this.#leave();
    if (await this.#endsWithin(gently ? cancelMs : 0)) {
      return;
    }
    this.#pty.interrupt();
    if (await this.#endsWithin(interruptMs)) {
      return;
    }
    this.#pty.kill();
    if (!(await this.#endsWithin(killMs))) {
      this.#log.error({ reason }, 'session cannot be killed');
    }
  }

  /** Asks the worker to go; false if it never proved itself, so that waiting for it is in vain. */
  #leave(): boolean {
    if (!this.#channel.isOpen) {
      // A worker that has greeted leaves by itself when its socket ends.
      return this.#channel.isProved;
    }
    // The worker stops what it is at, lets it clean up for a moment, and leaves.
    if (this.#running !== undefined) {
      this.#channel.send({ v: 1, type: 'cancel', id: this.#running.id });
    }
    this.#channel.send({ v: 1, type: 'exit' });
    return true;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    const isDead = await Promise.race([this.ended.then(() => true as const), late]);
    clearTimeout(timer);
    return isDead;
  }

  #bury(exit: PtyExit): SessionEnd {
    const reason = this.#reason ?? `the shell ended with code ${exit.exitCode}`;
    this.#reason = reason;
    this.#fail(reason);
    // The leader is gone; what it left behind in its group goes too.
    this.#pty.kill();
    const isClean = this.#channel.close();
    this.#move('dead');
    if (!isClean) {
      this.#log.warn('session folder in use by a process that was left behind');
    }
    this.#log.info({ reason, ...exit, ageMs: Math.round(this.ageMs) }, 'session ended');
    if (this.#pty.tail !== '') {
      this.#log.debug({ console: this.#pty.tail }, 'last lines of the console');
    }
    return { reason, exit };
  }

  #move(next: SessionState): void {
    const allowed: readonly SessionState[] = MOVES[this.#state];
    if (!allowed.includes(next)) {
      throw new ServiceError(
        'powershell.session-lost',
        `a ${this.#state} session cannot become ${next}`,
        { facts: { sessionId: this.id } },
      );
    }
    this.#state = next;
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

function timedOut(timeoutMs: number): ServiceError {
  return new ServiceError('powershell.timed-out', `no answer within ${timeoutMs} ms`, {
    facts: { timeoutMs },
  });
}

function cancelled(signal: AbortSignal | undefined): ServiceError {
  return new ServiceError('powershell.cancelled', 'the command was cancelled', {
    cause: signal?.reason,
  });
}
