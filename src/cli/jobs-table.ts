import { stripVTControlCharacters } from 'node:util';

/** A job as `GET /jobs` shows it, as far as a table has room for it. */
export interface ListedJob {
  readonly id: string;
  readonly state: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly cancelAsked?: true;
  readonly reason?: { readonly code: string; readonly message: string };
  readonly person?: { readonly email: string };
  readonly request: { readonly source: string; readonly email?: string; readonly runId?: string };
}

const HEADINGS = ['job', 'state', 'age', 'person', 'reason'] as const;

/** A line for each job under a line of headings. `now` is in milliseconds since the epoch. */
export function jobsTable(jobs: readonly ListedJob[], now: number): readonly string[] {
  const rows = [HEADINGS, ...jobs.map((job) => cellsOf(job, now))];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** One job on one line, for a log. */
export function jobLine(job: ListedJob): string {
  return [job.updatedAt, job.id, stateOf(job), personOf(job), reasonOf(job)].join('  ').trimEnd();
}

function cellsOf(job: ListedJob, now: number): readonly string[] {
  const age = ageOf(now - Date.parse(job.createdAt));
  return [job.id, stateOf(job), age, personOf(job), reasonOf(job)];
}

function stateOf({ state, cancelAsked }: ListedJob): string {
  return cancelAsked ? `${state}, to end` : state;
}

function personOf({ person, request }: ListedJob): string {
  return plain(person?.email ?? request.email ?? request.runId ?? request.source);
}

function reasonOf({ reason }: ListedJob): string {
  return reason === undefined ? '' : plain(`${reason.code}: ${reason.message}`);
}

/** Names and reasons come from elsewhere: they must not move the cursor. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, ' ');
}

const UNITS = [
  { ms: 86_400_000, name: 'd' },
  { ms: 3_600_000, name: 'h' },
  { ms: 60_000, name: 'min' },
] as const;

function ageOf(ms: number): string {
  const unit = UNITS.find((one) => ms >= one.ms) ?? { ms: 1_000, name: 's' };
  return `${Math.max(0, Math.floor(ms / unit.ms))} ${unit.name}`;
}
