import { isMade } from './made.ts';
import type { Mailbox } from './mailbox.ts';
import type { Change } from './operations/operation.ts';
import type { Outcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import { type ChangeResult, type Report, shownChange, shownFinding } from './report.ts';

export interface JournalParts {
  readonly save: (report: Report, isProgress: boolean) => Promise<void>;
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

  /** `isProgress`: a next attempt need not do it again. */
  async note(part: Partial<Report>, isProgress = false): Promise<void> {
    const exchangeCalls = this.#callsOfEarlierAttempts + this.#parts.calls();
    this.#report = { ...this.#report, ...part, exchangeCalls };
    await this.#parts.save(this.#report, isProgress);
  }

  /** The image from before the first change of any attempt is the one that counts, operation by operation. */
  async notePlan(plan: Plan, { guid, address, displayName, type }: Mailbox): Promise<void> {
    await this.note({
      mailbox: this.#report.mailbox ?? { guid, address, displayName, type },
      plan: plan.changes.map(shownChange),
      findings: plan.findings.map(shownFinding),
      skipped: [...plan.skipped],
      before: { ...plan.seen, ...this.#report.before },
    });
  }

  /** What the last reading showed: what is left, and so what of the begun and lost has happened. */
  async noteAfter(plan: Plan, left: readonly Change[]): Promise<void> {
    const findings = [...this.#report.findings, ...plan.findings.map(shownFinding)];
    await this.note({
      findings: [...new Map(findings.map((one) => [`${one.code} ${one.sentence}`, one])).values()],
      changes: this.#settled(plan),
      after: { ...plan.seen },
      verification: { verified: left.length === 0, left: left.map((change) => change.sentence) },
    });
  }

  /** Replaces what was known of this change; a repeated attempt does not repeat the line. */
  async noteChange(change: Change, outcome: Outcome | { readonly kind: 'begun' }): Promise<void> {
    const { kind, ...detail } = outcome;
    const known = this.#report.changes.find((one) => one.id === change.id);
    // A call that is begun anew does not undo an earlier one: a server may have shown the state late.
    const isMadeBefore = known && (kind === 'begun' ? isMade(known) : known.madeBefore);
    const result: ChangeResult = {
      id: change.id,
      operation: change.operation,
      sentence: change.sentence,
      required: change.required,
      ...(change.once === undefined ? {} : { once: change.once }),
      ...(change.irreversible === undefined ? {} : { irreversible: change.irreversible }),
      outcome: kind,
      ...(isMadeBefore ? { madeBefore: true } : {}),
      ...detail,
      ...durationSince(known, this.#parts.now()),
      at: this.time(),
    };
    const others = this.#report.changes.filter((one) => one.id !== change.id);
    await this.note({ changes: [...others, result] }, kind === 'done' || kind === 'already');
  }

  time(): string {
    return new Date(this.#parts.now()).toISOString();
  }

  /**
   * What was begun or lost, in whichever attempt, and is no longer asked for has happened. Of what happens
   * once, no reading tells.
   */
  #settled(plan: Plan): ChangeResult[] {
    const open = new Set(plan.changes.map((change) => change.id));
    return this.#report.changes.map((change) =>
      ['begun', 'unknown'].includes(change.outcome) && !change.once && !open.has(change.id)
        ? { ...change, outcome: 'done', message: 'read back as done' }
        : change,
    );
  }
}

/** How long a call took, from the line that was written before it. */
function durationSince(known: ChangeResult | undefined, now: number): { readonly ms?: number } {
  return known?.outcome === 'begun' ? { ms: now - Date.parse(known.at) } : {};
}
