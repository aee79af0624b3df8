import { randomUUID } from 'node:crypto';
import { codeOf, type ErrorCode, ServiceError } from '../errors.ts';
import type { CommandRequest } from './frames.ts';
import { Member, type MemberState, type PooledSession } from './member.ts';
import { nextStep } from './next-step.ts';
import type { Counter, PoolParts, PoolSettings, PoolStatus } from './pool-parts.ts';
import type { CommandLimits, CommandOutcome, Sessions } from './sessions.ts';
import { StartGate } from './start-gate.ts';
import { Throttle } from './throttle.ts';
import { WaitingLine } from './waiting-line.ts';

const PING_TIMEOUT_MS = 5_000;
const MISSES_BEFORE_KILL = 2;
/** A session that lives so long was started well: the next failure begins with a short pause again. */
const LONG_LIFE_MS = 60_000;
/** What a session this young learnt when it connected is still so. */
const YOUNG_MS = 5 * 60_000;
/** Beyond a command's time-out and the ending of its session: then the lease ends without them. */
const LEASE_MARGIN_MS = 30_000;

/**
 * Warm sessions: kept ready, leased one command at a time, replaced when they are worn or die.
 * `#decide` is the only place where one is started, given out or retired; it runs after every change.
 */
export class Pool<S extends PooledSession = PooledSession> implements Sessions {
  readonly #settings: PoolSettings;
  readonly #parts: PoolParts<S>;
  readonly #members = new Set<Member<S>>();
  readonly #line: WaitingLine<Member<S>>;
  readonly #gate: StartGate;
  readonly #throttle: Throttle;
  readonly #leases = new Set<Promise<unknown>>();
  /** Whatever else is under way: starts, pings, ends. */
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #stopped = new AbortController();
  readonly #counts = new Map<Counter, number>();
  readonly #failedStarts = new Map<ErrorCode, number>();
  #callOffBeat: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(settings: PoolSettings, parts: PoolParts<S>) {
    this.#settings = settings;
    this.#parts = parts;
    const { clock, random, isFinal } = parts;
    const { maximum } = settings;
    const decide = () => this.#decide();
    this.#line = new WaitingLine(settings.line, clock);
    this.#gate = new StartGate({ clock, random, isFinal, onPassable: decide });
    this.#throttle = new Throttle({ clock, maximum, onChange: decide });
  }

  /** Starts the first session ahead of need and begins to look after them. May be called twice. */
  start(): void {
    if (this.#callOffBeat === undefined && !this.#stopped.signal.aborted) {
      this.#beat();
    }
  }

  /** Replaces every session, successor first; also tries at once what failed for the same cause. */
  renew(reason: string): void {
    if (this.#stopped.signal.aborted) {
      return;
    }
    for (const member of this.#members) {
      member.outdate(reason);
    }
    this.#gate.openNow();
    this.#decide();
  }

  /** Runs one command in the next free session. */
  async run(request: CommandRequest, limits: CommandLimits): Promise<CommandOutcome> {
    const member = await this.#lease(limits.signal);
    return keep(this.#leases, this.#work(member, request, limits));
  }

  get status(): PoolStatus {
    const members = [...this.#members];
    const byState = Object.groupBy(members, ({ state }) => state);
    const count = (counter: Counter) => this.#counts.get(counter) ?? 0;
    return {
      obstacle: members.some(isServing) ? undefined : this.#whyNone(),
      sessions: Object.fromEntries(
        Object.entries(byState).map(([state, list]) => [state, list.length]),
      ),
      waiting: this.#line.length,
      allowed: this.#throttle.allowed,
      breaker: this.#gate.isBroken ? 'open' : 'closed',
      counters: {
        started: count('started'),
        breakerOpenings: this.#gate.openings,
        recycled: count('recycled'),
        lost: count('lost'),
        refusedCallers: count('refusedCallers'),
        throttled: count('throttled'),
      },
      failedStarts: Object.fromEntries(this.#failedStarts),
    };
  }

  /**
   * Refuses whoever waits, lets running commands end for `graceMs`, then ends every session. May be
   * called twice.
   */
  stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#stopping ??= this.#close(graceMs);
    return this.#stopping;
  }

  async #lease(signal: AbortSignal | undefined): Promise<Member<S>> {
    this.#assertHope();
    const turn = this.#line.join(signal);
    this.#decide();
    try {
      return await turn;
    } catch (error) {
      this.#count('refusedCallers');
      throw error;
    }
  }

  /** While nothing works and nothing is being started, waiting in line would only hide the cause. */
  #assertHope(): void {
    if (this.#stopped.signal.aborted) {
      throw stopping();
    }
    const { lastFailure, isPassable } = this.#gate;
    const isHopeless = ![...this.#members].some(isPromising) && !isPassable;
    if (lastFailure !== undefined && isHopeless) {
      this.#count('refusedCallers');
      throw lastFailure;
    }
  }

  /** One command, with an end in any case: a lease that outlives even the ending of its session is given up. */
  async #work(
    member: Member<S>,
    request: CommandRequest,
    limits: CommandLimits,
  ): Promise<CommandOutcome> {
    const late = Promise.withResolvers<never>();
    const callOff = this.#parts.clock.after(limits.timeoutMs + LEASE_MARGIN_MS, () =>
      late.reject(
        new ServiceError('powershell.session-lost', 'the session can neither answer nor end'),
      ),
    );
    try {
      const answer = this.#parts.run(member.session, request, limits);
      const outcome = await Promise.race([answer, late.promise]);
      this.#judge(member, outcome);
      return outcome;
    } finally {
      callOff();
      this.#release(member);
    }
  }

  #judge(member: Member<S>, outcome: CommandOutcome): void {
    const health = this.#parts.healthOf(outcome);
    switch (health.kind) {
      case 'sound':
        return;
      case 'gone':
        this.#retire(member, health.reason);
        return;
      case 'outdated':
        if (member.ageMs >= YOUNG_MS) {
          member.outdate(health.reason);
        }
        return;
      case 'throttled':
        this.#count('throttled');
        this.#throttle.slowDown(health.retryAfterMs);
        this.#parts.log.warn({ allowed: this.#throttle.allowed }, 'throttled: fewer sessions work');
        return;
    }
  }

  #release(member: Member<S>): void {
    if (member.state === 'busy' && member.session.state === 'ready') {
      member.move('idle', 'command over');
    } else {
      this.#end(member, 'its command did not end well');
    }
    this.#decide();
  }

  #decide(): void {
    for (let step = this.#nextStep(); step !== undefined; step = this.#nextStep()) {
      switch (step.kind) {
        case 'lease':
          step.member.move('busy', 'leased');
          this.#line.serve(step.member);
          break;
        case 'retire':
          this.#count('recycled');
          this.#retire(step.member, step.reason);
          break;
        case 'start':
          void keep(this.#tasks, this.#open());
          break;
      }
    }
  }

  #nextStep() {
    return nextStep({
      members: [...this.#members],
      waiting: this.#line.length,
      minimum: this.#settings.minimum,
      maximum: this.#settings.maximum,
      allowed: this.#throttle.allowed,
      mayStart: this.#gate.isPassable && !this.#stopped.signal.aborted,
    });
  }

  /** Never rejects. */
  async #open(): Promise<void> {
    const member = new Member<S>(randomUUID().slice(0, 8), this.#wear());
    this.#members.add(member);
    try {
      await this.#gate.pass(() => this.#bring(member));
      this.#admit(member);
    } catch (error) {
      this.#mourn(member, error instanceof Error ? error : new Error('unknown fault'));
    }
    this.#decide();
  }

  async #bring(member: Member<S>): Promise<void> {
    const session = await this.#parts.start(member.id, this.#stopped.signal);
    member.begin(session);
    void session.ended.then(({ reason }) => this.#bury(member, reason));
    if (this.#stopped.signal.aborted) {
      throw stopping();
    }
    await this.#parts.connect(session);
  }

  #admit(member: Member<S>): void {
    this.#count('started');
    if (member.state === 'connecting') {
      member.move('idle', 'connected');
    }
  }

  /** Whoever waits learns the cause now: a job that waits for an outage holds no place here. */
  #mourn(member: Member<S>, error: Error): void {
    const code = codeOf(error);
    this.#failedStarts.set(code, (this.#failedStarts.get(code) ?? 0) + 1);
    if (member.state === 'starting') {
      this.#bury(member, error.message);
    } else {
      this.#end(member, 'not connected');
    }
    // Whoever stops the pool gives up what is still starting, and misses nothing.
    if (!this.#stopped.signal.aborted) {
      this.#parts.log.error({ err: error, nextMs: this.#gate.passableInMs }, 'no session');
    }
    if (![...this.#members].some(isServing)) {
      this.#line.refuseAll(error);
    }
  }

  #retire(member: Member<S>, reason: string): void {
    if (member.state === 'busy') {
      member.move('draining', reason);
    } else {
      this.#end(member, reason);
    }
  }

  #end(member: Member<S>, reason: string): void {
    if (member.state !== 'stopping' && member.state !== 'dead') {
      member.move('stopping', reason);
      void keep(this.#tasks, this.#putDown(member, reason));
    }
  }

  /** Never rejects. What can't be ended is given up: it must not hold a place for ever. */
  async #putDown(member: Member<S>, reason: string): Promise<void> {
    if (member.session.state === 'ready') {
      await this.#parts.disconnect(member.session);
    }
    await member.session.stop(reason);
    if (member.session.state !== 'dead') {
      this.#parts.log.error(
        { sessionId: member.id, reason },
        'a session that cannot be ended is given up',
      );
    }
    this.#bury(member, reason);
  }

  #bury(member: Member<S>, reason: string): void {
    if (!this.#members.delete(member)) {
      return;
    }
    if (isServing(member)) {
      this.#count('lost');
      if (member.ageMs < LONG_LIFE_MS) {
        this.#gate.noteEarlyDeath();
      }
    }
    member.move('dead', reason);
    this.#decide();
  }

  #wear() {
    const { clock, random, log } = this.#parts;
    const { recycle } = this.#settings;
    const limits = { ...recycle, ageMs: recycle.ageMs * (0.9 + random() / 5) };
    return { limits, clock, log };
  }

  #beat(): void {
    for (const member of this.#members) {
      if (member.state === 'idle') {
        void keep(this.#tasks, this.#check(member));
      }
      if (isServing(member) && member.ageMs >= LONG_LIFE_MS) {
        this.#gate.noteLongLife();
      }
    }
    this.#decide();
    this.#callOffBeat = this.#parts.clock.after(this.#settings.beatMs, () => this.#beat());
  }

  /** Never rejects. While a command runs only its own time-out counts. */
  async #check(member: Member<S>): Promise<void> {
    member.notePing(await member.session.ping(PING_TIMEOUT_MS));
    if (member.missedPings >= MISSES_BEFORE_KILL && member.state === 'idle') {
      this.#count('lost');
      this.#end(member, `${member.missedPings} pings in a row not answered`);
    }
    this.#decide();
  }

  #whyNone(): string {
    const { lastFailure, isBroken, passableInMs } = this.#gate;
    if (lastFailure === undefined) {
      return 'a session is being started';
    }
    const next = `the next try is in ${Math.ceil(passableInMs / 1_000)} s`;
    return isBroken ? `${lastFailure.message}; ${next}` : lastFailure.message;
  }

  async #close(graceMs: number): Promise<void> {
    this.#stopped.abort();
    this.#callOffBeat?.();
    this.#gate.stop();
    this.#throttle.stop();
    this.#line.refuseAll(stopping());
    const grace = Promise.withResolvers<void>();
    const callOff = this.#parts.clock.after(graceMs, grace.resolve);
    await Promise.race([Promise.allSettled(this.#leases), grace.promise]);
    callOff();
    for (const member of this.#members) {
      if (member.state !== 'starting') {
        this.#end(member, 'the service stops');
      }
    }
    // The end of one task may begin another: a failed connection ends its session.
    while (this.#tasks.size > 0) {
      await Promise.all(this.#tasks);
    }
  }

  #count(counter: Counter): void {
    this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + 1);
  }
}

function isServing({ state }: { state: MemberState }): boolean {
  return state === 'idle' || state === 'busy' || state === 'draining';
}

function isPromising(member: { state: MemberState }): boolean {
  return isServing(member) || member.state === 'starting' || member.state === 'connecting';
}

function stopping(): ServiceError {
  return new ServiceError('service.stopping', 'the service stops');
}

/** Keeps a promise in a set for as long as it is open. */
function keep<T>(open: Set<Promise<unknown>>, promise: Promise<T>): Promise<T> {
  open.add(promise);
  const forget = () => open.delete(promise);
  promise.then(forget, forget);
  return promise;
}
