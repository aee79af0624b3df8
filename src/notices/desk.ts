import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Channel } from './channel.ts';
import type { NoticeMemory } from './memory.ts';
import { digestOf, type Notice } from './notice.ts';

export interface DeskParts {
  readonly channels: readonly Channel[];
  readonly memory: NoticeMemory;
  /** What should be told as things stand now, told before or not. */
  readonly standing: () => Promise<readonly Notice[]>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onNoticed: (channel: Channel['name'], outcome: 'sent' | 'given-up') => void;
}

const BEAT_MS = 10_000;
const SEND_WITHIN_MS = 15_000;
/** Pauses before the further attempts; after the last one a notice is given up, and the log says so. */
const PAUSES_MS = [30_000, 120_000, 600_000, 3_600_000];
/** More at once become one. */
const SINGLE_AT_ONCE = 5;
const MOST_NEWS = 100;

interface Attempted {
  readonly failures: number;
  readonly dueAt: number;
}

/**
 * Tells people what needs them. It looks for itself what is owed, beside the work and never in its way, so that
 * a notice survives the end of the process between a job's end and the sending: it is owed until it is settled.
 */
export class NoticeDesk {
  readonly #parts: DeskParts;
  readonly #news: Notice[] = [];
  readonly #attempted = new Map<string, Attempted>();
  readonly #stopped = new AbortController();
  #callOff: () => void = () => undefined;
  #looking: Promise<void> = Promise.resolve();
  #isStarted = false;
  #isLookWaiting = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  /** Who switches notices on does not want those of last year. */
  #isFirstLookEver: boolean;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#isFirstLookEver = parts.memory.isNew;
  }

  /** Something that happened, and that no look would find; told at the next look. */
  note(notice: Notice): void {
    if (this.#parts.channels.length > 0 && this.#news.length < MOST_NEWS) {
      this.#news.push(notice);
    }
  }

  /** May be called twice. Without a channel there is nothing to do. */
  start(): void {
    if (!this.#isStarted && this.#parts.channels.length > 0) {
      this.#isStarted = true;
      this.#beat();
    }
  }

  /** Looks at once, since something may be owed now; who was just told of one thing gets what follows at the next beat, as one. */
  wake(): void {
    const hasJustSent = this.#parts.clock.now() - this.#sentAt < BEAT_MS;
    if (this.#isStarted && !hasJustSent && !this.#stopped.signal.aborted) {
      this.#beat();
    }
  }

  /** Breaks off what is being sent: it is owed at the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#callOff();
    await this.#looking;
  }

  /** Looks now, after a look that is under way. Never rejects. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#lookOnce());
    return this.#looking;
  }

  /** However often it is called, one look waits its turn, and one timer runs. */
  #beat(): void {
    if (this.#isLookWaiting) {
      return;
    }
    this.#isLookWaiting = true;
    void this.look().then(() => {
      this.#callOff();
      if (!this.#stopped.signal.aborted) {
        this.#callOff = this.#parts.clock.after(BEAT_MS, () => this.#beat());
      }
    });
  }

  async #lookOnce(): Promise<void> {
    this.#isLookWaiting = false;
    try {
      const standing = await this.#parts.standing();
      if (this.#isFirstLookEver) {
        this.#isFirstLookEver = false;
        const { channels } = this.#parts;
        this.#settle(channels.flatMap((one) => standing.map(({ key }) => idOf(one, key))));
      }
      const owed = [...this.#news, ...standing];
      for (const channel of this.#parts.channels) {
        await this.#serve(channel, owed);
      }
      this.#forgetSettled();
    } catch (error) {
      this.#parts.log.error({ err: error }, 'notices cannot be looked after, will try again');
    }
  }

  async #serve(channel: Channel, owed: readonly Notice[]): Promise<void> {
    const now = this.#parts.clock.now();
    const due = owed.filter(({ key }) => {
      const id = idOf(channel, key);
      return !this.#parts.memory.isSettled(id) && (this.#attempted.get(id)?.dueAt ?? 0) <= now;
    });
    if (due.length > SINGLE_AT_ONCE) {
      await this.#send(channel, digestOf(due), due);
      return;
    }
    for (const notice of due) {
      await this.#send(channel, notice, [notice]);
    }
  }

  async #send(
    channel: Channel,
    { title, facts, advice }: Omit<Notice, 'key'>,
    covers: readonly Notice[],
  ): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(SEND_WITHIN_MS), this.#stopped.signal]);
    const ids = covers.map(({ key }) => idOf(channel, key));
    this.#sentAt = this.#parts.clock.now();
    try {
      await channel.send({ title, facts, advice }, signal);
      this.#settle(ids);
      this.#parts.onNoticed(channel.name, 'sent');
      this.#parts.log.info({ channel: channel.name, notices: ids.length }, 'notice sent');
    } catch (error) {
      if (!this.#stopped.signal.aborted) {
        this.#noteFailure(channel, ids, error);
      }
    }
  }

  #noteFailure(channel: Channel, ids: readonly string[], error: unknown): void {
    const failures = 1 + Math.max(...ids.map((id) => this.#attempted.get(id)?.failures ?? 0));
    const pauseMs = PAUSES_MS[failures - 1];
    const facts = { err: error, channel: channel.name, notices: ids.length, failures };
    if (pauseMs === undefined) {
      this.#parts.log.error(facts, 'notice given up');
      this.#parts.onNoticed(channel.name, 'given-up');
      this.#settle(ids);
      return;
    }
    this.#parts.log.warn(facts, 'notice not sent, will try again');
    const dueAt = this.#parts.clock.now() + pauseMs;
    for (const id of ids) {
      this.#attempted.set(id, { failures, dueAt });
    }
  }

  #settle(ids: readonly string[]): void {
    try {
      this.#parts.memory.settle(ids, this.#parts.clock.wall());
    } catch (error) {
      this.#parts.log.error(
        { err: error },
        'settled notices not remembered: told again after a restart',
      );
    }
  }

  #forgetSettled(): void {
    const { channels, memory } = this.#parts;
    const open = this.#news.filter(({ key }) =>
      channels.some((channel) => !memory.isSettled(idOf(channel, key))),
    );
    this.#news.splice(0, this.#news.length, ...open);
    for (const id of this.#attempted.keys()) {
      if (memory.isSettled(id)) {
        this.#attempted.delete(id);
      }
    }
  }
}

/** Each channel is settled for itself. */
function idOf({ name }: Channel, key: string): string {
  return `${name} ${key}`;
}
