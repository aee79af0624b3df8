import { codeOf } from '../errors.ts';
import type { Change } from './operations/operation.ts';
import type { Plan } from './plan.ts';
import type { ChangeResult, Report } from './report.ts';

export interface JournalParts {
  readonly save: (report: Report) => Promise<void>;
  readonly now: () => number;
  /** Exchange calls of this attempt so far. */
  readonly calls: () => number;
}

/**
 * The report of one job while it grows. Every `note…` is on disk when it resolves, so that after a
 * crash the report tells what was begun.
 */
export class Journal {
  #report: Report;
  readonly #parts: JournalParts;
  readonly #callsOfEarlierAttempts: number;

  constructor(report: Report, parts: JournalParts) {
    this.#report = report;
    this.#parts = parts;
    this.#callsOfEarlierAttempts = report.exchangeCalls;
  }

  get report(): Report {
    return this.#report;
  }

  async note(part: Partial<Report>): Promise<void> {
    const exchangeCalls = this.#callsOfEarlierAttempts + this.#parts.calls();
    this.#report = { ...this.#report, ...part, exchangeCalls };
    await this.#parts.save(this.#report);
  }

  async notePlan(plan: Plan): Promise<void> {
    await this.note({
      plan: plan.changes.map((change) => ({
        id: change.id,
        operation: change.operation,
        sentence: change.sentence,
        cmdlet: change.call.cmdlet,
        parameters: copyOf(change.call.parameters),
        required: change.required,
      })),
      findings: [...plan.findings],
      skipped: [...plan.skipped],
      before: this.#report.before ?? seenIn(plan),
    });
  }

  /** What the last reading showed: what is left, and so what of the begun and lost has happened. */
  async noteAfter(plan: Plan, left: readonly Change[]): Promise<void> {
    await this.note({
      changes: this.#settled(left),
      after: seenIn(plan),
      verification: { verified: left.length === 0, left: left.map((change) => change.sentence) },
    });
  }

  /** Replaces what was known of this change; a repeated attempt does not repeat the line. */
  async noteChange(
    change: Change,
    outcome: ChangeResult['outcome'],
    detail: { readonly error?: unknown; readonly message?: string } = {},
  ): Promise<void> {
    const message = detail.error instanceof Error ? detail.error.message : detail.message;
    const result: ChangeResult = {
      id: change.id,
      operation: change.operation,
      sentence: change.sentence,
      required: change.required,
      outcome,
      ...(detail.error === undefined ? {} : { code: codeOf(detail.error) }),
      ...(message === undefined ? {} : { message }),
      at: this.time(),
    };
    const others = this.#report.changes.filter((one) => one.id !== change.id);
    await this.note({ changes: [...others, result] });
  }

  time(): string {
    return new Date(this.#parts.now()).toISOString();
  }

  /** What was begun or lost, in whichever attempt, and is no longer left to do has happened. */
  #settled(left: readonly Change[]): ChangeResult[] {
    const open = new Set(left.map((change) => change.id));
    return this.#report.changes.map((change) =>
      ['begun', 'unknown'].includes(change.outcome) && !open.has(change.id)
        ? { ...change, outcome: 'done', message: 'read back as done' }
        : change,
    );
  }
}

function seenIn(plan: Plan): NonNullable<Report['before']> {
  return Object.fromEntries(
    Object.entries(plan.seen).map(([operation, seen]) => [operation, copyOf(seen)]),
  );
}

/** The lists of a plan are read-only, those of a report are not. */
function copyOf(
  values: Readonly<Record<string, string | boolean | readonly string[]>>,
): Record<string, string | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'object' ? [...value] : value,
    ]),
  );
}
