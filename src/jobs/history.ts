import type { Database } from 'better-sqlite3';
import type { JobEventName } from './states.ts';
import type { EventFacts, JobEvent } from './store.ts';

/** Far more than people and crashes bring about; what repeats by itself is one line. */
const MOST_EVENTS = 200;
const LONGEST_MESSAGE = 500;

interface Line {
  readonly sequence: number;
  readonly event: JobEventName;
  readonly at: number;
  readonly times: number;
  readonly lastAt: number;
  readonly facts: string;
}

/** The events of jobs, by the job's sequence. Every call belongs into the transaction of what it tells. */
export class History {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = prepare(database);
  }

  add(job: number, event: JobEventName, facts: EventFacts, now: number): void {
    const text = JSON.stringify({ ...facts, ...shortened(facts.message) });
    const [begun, before] = this.#statements.last.all(job);
    if (begun?.event === 'begun' && before !== undefined && isRepeat(before, event, facts)) {
      this.#statements.delete.run(begun.sequence);
      this.#statements.repeat.run({ sequence: before.sequence, times: 1, now, facts: text });
      return;
    }
    this.#statements.insert.run({ job, event, now, facts: text });
    if (event !== 'accepted' && (this.#statements.count.get(job)?.events ?? 0) > MOST_EVENTS) {
      this.#omitOldest(job);
    }
  }

  of(job: number): readonly JobEvent[] {
    return this.#statements.all.all(job).map(({ event, at, times, lastAt, facts }) => ({
      event,
      at,
      times,
      lastAt,
      facts: JSON.parse(facts) as EventFacts,
    }));
  }

  forget(job: number): void {
    this.#statements.forget.run(job);
  }

  /** The second and the third line become one that says how many are left out; the first tells of the acceptance. */
  #omitOldest(job: number): void {
    const [, second, third] = this.#statements.first.all(job);
    if (second === undefined || third === undefined) {
      return;
    }
    this.#statements.delete.run(third.sequence);
    this.#statements.omit.run(second.sequence);
    const { times, lastAt } = third;
    this.#statements.repeat.run({ sequence: second.sequence, times, now: lastAt, facts: '{}' });
  }
}

/** The same thing once more, with nothing but another attempt in between. */
function isRepeat(before: Line, event: JobEventName, { code }: EventFacts): boolean {
  return before.event === event && (JSON.parse(before.facts) as EventFacts).code === code;
}

function shortened(message: string | undefined): EventFacts {
  return message === undefined || message.length <= LONGEST_MESSAGE
    ? {}
    : { message: `${message.slice(0, LONGEST_MESSAGE)}…` };
}

function prepare(database: Database) {
  return {
    insert: database.prepare<{ job: number; event: string; now: number; facts: string }>(
      `INSERT INTO events (job, event, at, lastAt, facts) VALUES (@job, @event, @now, @now, @facts)`,
    ),
    last: database.prepare<[number], Line>(
      'SELECT * FROM events WHERE job = ? ORDER BY sequence DESC LIMIT 2',
    ),
    first: database.prepare<[number], Line>(
      'SELECT * FROM events WHERE job = ? ORDER BY sequence LIMIT 3',
    ),
    all: database.prepare<[number], Line>('SELECT * FROM events WHERE job = ? ORDER BY sequence'),
    count: database.prepare<[number], { events: number }>(
      'SELECT COUNT(*) AS events FROM events WHERE job = ?',
    ),
    repeat: database.prepare<{ sequence: number; times: number; now: number; facts: string }>(
      `UPDATE events SET times = times + @times, lastAt = @now, facts = @facts
       WHERE sequence = @sequence`,
    ),
    omit: database.prepare<[number]>(`UPDATE events SET event = 'omitted' WHERE sequence = ?`),
    delete: database.prepare<[number]>('DELETE FROM events WHERE sequence = ?'),
    forget: database.prepare<[number]>('DELETE FROM events WHERE job = ?'),
  };
}
