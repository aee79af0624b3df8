import { fold, wordsIn } from './fold.ts';
import { kindOf, OPERATIONS } from './operations/list.ts';
import type { Report } from './report.ts';

/** What a queue knows of a job, as far as a reader of its report wants it. Milliseconds since the epoch. */
export interface ReportedJob {
  readonly id: string;
  readonly state: string;
  readonly reason: { readonly code: string; readonly message: string } | undefined;
  readonly createdAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly history: readonly ReportedEvent[];
}

export interface ReportedEvent {
  readonly at: string;
  readonly event: string;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly until?: string | undefined;
  readonly by?: string | undefined;
  readonly times?: number | undefined;
  readonly lastAt?: string | undefined;
}

/** The report of a job as a text: for the ticket, the file, and whoever asks a year later. */
export function reportText(job: ReportedJob, report: Report): string {
  const sections = [
    headOf(job, report),
    ...section('Changes', changesOf(report)),
    ...section(
      'Left alone',
      report.skipped.map(({ operation, what, reason }) => `${operation}: ${what}: ${reason}`),
    ),
    ...section(
      'Findings',
      report.findings.map(({ severity, sentence, code }) => `${severity}: ${sentence} (${code})`),
    ),
    ...section('Not read back as done', report.verification?.left ?? []),
    ...section('Before', imagesIn(report.before)),
    ...section('After', imagesIn(report.after)),
    ...section('History', job.history.map(eventText)),
  ];
  return `${sections.join('\n\n')}\n`;
}

function headOf(job: ReportedJob, report: Report): string {
  const { person, manager, mailbox, signal, verification, scan } = report;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Job', `${job.id}, ${job.state}`],
    ['Reason', job.reason && `${job.reason.message} (${job.reason.code})`],
    ['Person', person && `${person.name} <${person.email}>`],
    ['Manager', manager],
    ['Mailbox', mailbox && `${mailbox.displayName} <${mailbox.address}>, ${mailbox.guid}`],
    ['Verified', verification && (verification.verified ? 'everything required' : 'no')],
    ['Signal', signal && `${signal.action}, ${signal.outcome} at ${signal.at}`],
    ['Scan', scan && `${scan.operation}: ${scan.looked} of ${scan.of}`],
    ['Accepted', timeOf(job.createdAt)],
    ['Ended', timeOf(job.finishedAt)],
    ['Took', durationOf(job)],
    ['Exchange calls', String(report.exchangeCalls)],
  ];
  return rows
    .flatMap(([name, value]) =>
      value === undefined ? [] : fold(wordsIn(value), name.padEnd(16), ' '.repeat(16)),
    )
    .join('\n');
}

/** One event on one line. */
export function eventText(told: ReportedEvent): string {
  const { at, event, code, message, until, by, times, lastAt } = told;
  const why = [code, message].filter((part) => part !== undefined).join(': ');
  return [
    `${at} ${event}`,
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(times === undefined ? [] : [`${times} times, last at ${lastAt ?? at}`]),
    ...(why === '' ? [] : [why]),
  ].join(', ');
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function durationOf({ startedAt, finishedAt }: ReportedJob): string | undefined {
  return startedAt === undefined || finishedAt === undefined
    ? undefined
    : `${((finishedAt - startedAt) / 1_000).toFixed(1)} s`;
}

function changesOf({ changes, plan = [] }: Report): readonly string[] {
  const begun = new Set(changes.map(({ id }) => id));
  const ahead = plan.filter(({ id }) => !begun.has(id));
  return [
    ...changes.map(({ outcome, sentence, code, message, ms }) => {
      const detail = [code, message].filter((part) => part !== undefined).join(': ');
      const took = ms === undefined ? '' : `, ${ms} ms`;
      return `${outcome}: ${sentence}${took}${detail === '' ? '' : ` (${detail})`}`;
    }),
    ...ahead.map(({ sentence }) => `not begun: ${sentence}`),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  const folded = lines.flatMap((line) => fold(wordsIn(line), '  ', '      '));
  return lines.length === 0 ? [] : [[title, ...folded].join('\n')];
}

/** In the order of the operations; a stored image may be of a form that is not known any more. */
export function imagesIn(images: Report['before'] = {}): readonly string[] {
  return OPERATIONS.flatMap(({ name }) => {
    const kind = kindOf(name);
    const image = kind?.seen.safeParse(images[name]);
    return kind !== undefined && image?.success
      ? kind.describe(image.data).map((line) => `${name}: ${line}`)
      : [];
  });
}
