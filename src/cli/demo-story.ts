import { styleText } from 'node:util';
import type { Report } from '../offboarding/report.ts';
import type { State } from '../sandbox/tenant/state.ts';
import { rowsOf } from './demo-mailbox.ts';

/** A job as `GET /jobs/{id}` shows it, as far as the story needs it. */
export interface ShownJob extends Report {
  readonly id: string;
  readonly state: string;
  readonly reason?: { readonly code: string; readonly message: string };
  readonly request: { readonly runId?: string };
}

interface Ending {
  readonly job: ShownJob;
  readonly before: State;
  readonly after: State;
  readonly seconds: number;
  readonly duplicate: boolean;
  readonly undone: boolean;
  readonly isGood: boolean;
}

const MARKS: Readonly<Record<string, string>> = {
  begun: '…',
  done: '✓',
  already: '=',
  skipped: '–',
  retryable: '↻',
  failed: '✗',
  unknown: '?',
};

/** Tells a person what happens, each thing once and when it happens. */
export class Story {
  readonly #out: NodeJS.WriteStream | undefined;
  readonly #told = new Set<string>();

  /** Without a stream it keeps silent. */
  constructor(out: NodeJS.WriteStream | undefined) {
    this.#out = out;
  }

  begin(engine: 'pwsh' | 'stand-in'): void {
    const session =
      engine === 'pwsh'
        ? 'a real pwsh, with a stand-in for the module ExchangeOnlineManagement'
        : 'a stand-in for pwsh (no PowerShell on PATH)';
    this.#heading('A leaver, from the webhook to the completed Signal step');
    this.#line('simulated   Trelica’s servers and the Exchange Online tenant');
    this.#line('real        the service, its queue on disk, the session in a pseudo-terminal');
    this.#line(`session     ${session}`);
  }

  ready(ms: number): void {
    this.#heading('Service');
    this.#line(`ready after ${(ms / 1_000).toFixed(1)} s: queue, Trelica and Exchange session`);
  }

  /** Tells what is new about the job. */
  look(job: ShownJob): void {
    this.#once('accepted', () => {
      this.#heading('Webhook');
      this.#line(`accepted and stored as job ${job.id}`);
    });
    if (job.plan !== undefined) {
      this.#once('plan', () => this.#plan(job));
    }
    for (const change of job.changes.filter(({ outcome }) => outcome !== 'begun')) {
      this.#once(`change ${change.id}`, () => {
        const code = change.code === undefined ? '' : ` (${change.code}: ${change.message ?? ''})`;
        this.#line(`${mark(change.outcome)} ${change.sentence}${code}`);
      });
    }
    const { verification, signal } = job;
    if (verification !== undefined) {
      this.#once('verification', () => this.#verification(verification));
    }
    if (signal?.outcome === 'confirmed') {
      this.#once('signal', () => {
        this.#heading('Signal');
        this.#line(
          `${mark('done')} ${signal.action} fired, and the run read back as past the step`,
        );
      });
    }
  }

  end({ job, before, after, seconds, duplicate, undone, isGood }: Ending): void {
    this.#heading('Mailbox before and after, as the tenant has it');
    this.#table([['', 'before', 'after'], ...rowsOf(before, after)]);
    this.#line(`${job.exchangeCalls} Exchange calls, ${seconds.toFixed(1)} seconds`);
    this.#heading('The same webhook once more');
    this.#line(
      duplicate ? `${mark('done')} answered as a duplicate` : `${mark('failed')} not known`,
    );
    this.#heading('Undo: it was a mistake, take it all back');
    this.#line(
      undone
        ? `${mark('done')} read back: the mailbox is as it was before`
        : `${mark('failed')} the mailbox is not as it was`,
    );
    const why = job.reason === undefined ? '' : ` (${job.reason.code}: ${job.reason.message})`;
    this.#heading(isGood ? 'All as it should be.' : `Not as it should be: ${job.state}${why}`);
  }

  keep(addresses: Readonly<Record<string, string>>): void {
    this.#heading('Left running until you press Ctrl-C');
    this.#table(Object.entries(addresses));
  }

  #plan(job: ShownJob): void {
    this.#heading(`Plan for ${job.person?.name ?? 'the leaver'} <${job.person?.email ?? ''}>`);
    for (const change of job.plan ?? []) {
      this.#line(`• ${change.sentence}  ${this.#style('dim', change.cmdlet)}`);
    }
    for (const skip of job.skipped) {
      this.#line(`${mark('skipped')} keep ${skip.what}: ${skip.reason}`);
    }
    for (const finding of job.findings) {
      this.#line(`! ${finding.sentence}`);
    }
    this.#heading('Changes, one at a time');
  }

  #verification({ verified, left }: NonNullable<Report['verification']>): void {
    this.#heading('Verification: read again, planned again');
    this.#line(
      verified
        ? `${mark('done')} nothing required is left to do`
        : `${mark('failed')} left: ${left.join('; ')}`,
    );
  }

  #table(rows: readonly (readonly string[])[]): void {
    const widths = [0, 1].map((column) =>
      Math.max(...rows.map((row) => (row[column] ?? '').length)),
    );
    for (const row of rows) {
      this.#line(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      );
    }
  }

  #once(what: string, tell: () => void): void {
    if (!this.#told.has(what)) {
      this.#told.add(what);
      tell();
    }
  }

  #heading(text: string): void {
    this.#out?.write(`\n${this.#style('bold', text)}\n`);
  }

  #line(text: string): void {
    this.#out?.write(`  ${text}\n`);
  }

  #style(style: 'bold' | 'dim', text: string): string {
    return this.#out === undefined ? text : styleText(style, text, { stream: this.#out });
  }
}

function mark(outcome: string): string {
  return MARKS[outcome] ?? '?';
}
