import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import type { EmailAddress } from './address.ts';
import type { Assignment } from './assignment.ts';
import { type Brakes, protectionOf } from './brakes.ts';
import { type Finding, type JudgedFinding, judgeFindings, stopOf } from './findings.ts';
import { identify } from './identify.ts';
import { addressesOf, gather } from './participants.ts';
import { planOf } from './plan.ts';
import type { Exchange, People, Person, Run, Runs } from './ports.ts';
import {
  findingShown,
  plannedChange,
  report,
  shownChange,
  shownFinding,
  skipShown,
} from './report.ts';
import { imagesIn } from './report-text.ts';
import { takeSnapshot } from './snapshot.ts';

/** Whose plan is wanted: of a run, or of a person for whom there may be a run that waits, or none yet. */
export interface PreviewRequest {
  readonly workflowId: string;
  readonly step: string;
  readonly about:
    | { readonly runId: string }
    /** The line manager counts where no run names one. */
    | { readonly email: EmailAddress; readonly managerEmail?: EmailAddress };
}

/** What would be done, and nothing of it done. */
export const preview = z.object({
  runId: report.shape.runId,
  person: z.object({ email: z.string(), name: z.string() }),
  manager: report.shape.manager,
  mailbox: report.shape.mailbox,
  /** True if a finding would keep everything from being changed. */
  stopped: z.boolean(),
  changes: z.array(plannedChange),
  findings: z.array(findingShown),
  skipped: z.array(skipShown),
  /** What is there now, in words. */
  seen: z.array(z.string()),
  exchangeCalls: z.int(),
});
export type Preview = z.infer<typeof preview>;

export interface PreviewParts {
  readonly runs: Pick<Runs, 'read' | 'search'>;
  readonly people?: People | undefined;
  readonly exchange: Exchange;
  readonly brakes: Brakes;
  readonly now: () => number;
}

/**
 * Plans as a job would, with readings only: changes nothing, signals nothing, scans nothing. Throws
 * `trelica.*`, `exchange.*` and `powershell.*`.
 */
export async function makePreview(
  request: PreviewRequest,
  { operations, findings: policy }: Pick<Assignment, 'operations' | 'findings'>,
  { runs, people, exchange, brakes, now }: PreviewParts,
): Promise<Preview> {
  const subject = await findSubject(request, { runs, people });
  const about = introduce(subject);
  const gathering = await gather(exchange, subject.person, operations);
  const protection = protectionOf(addressesOf(subject.person, gathering), brakes);
  const brake = protection === undefined ? [] : [protection];
  if (gathering.kind === 'nobody') {
    const findings = [...brake, ...judgeFindings([...subject.findings, gathering.finding], policy)];
    return { ...about, ...NOTHING_TO_DO, ...judged(findings), exchangeCalls: exchange.calls };
  }
  const readAt = new Date(now()).toISOString();
  const snapshot = await takeSnapshot(exchange, gathering.participants, operations, { readAt });
  const { changes, findings, skipped, seen } = planOf(snapshot, { findings: policy, brakes });
  const { guid, address, displayName, type } = snapshot.subject.mailbox;
  return {
    ...about,
    ...judged([...brake, ...judgeFindings(subject.findings, policy), ...findings]),
    mailbox: { guid, address, displayName, type },
    changes: changes.map(shownChange),
    skipped: [...skipped],
    seen: [...imagesIn(seen)],
    exchangeCalls: exchange.calls,
  };
}

const NOTHING_TO_DO = { changes: [], skipped: [], seen: [] };

function judged(findings: readonly JudgedFinding[]) {
  return { stopped: stopOf(findings) !== undefined, findings: findings.map(shownFinding) };
}

interface PreviewSubject {
  readonly runId?: string;
  readonly person: Person;
  readonly findings: readonly Finding[];
}

async function findSubject(
  { workflowId, step, about }: PreviewRequest,
  { runs, people }: Pick<PreviewParts, 'runs' | 'people'>,
): Promise<PreviewSubject> {
  if ('runId' in about) {
    return subjectOf(await runs.read(workflowId, about.runId, step), people);
  }
  const { email, managerEmail } = about;
  const search = await runs.search(workflowId, email, step);
  if (search.kind !== 'found') {
    return { person: { email, name: email, managerEmail }, findings: [] };
  }
  const found = await subjectOf(search.run, people);
  return { ...found, person: { ...found.person, ...(managerEmail && { managerEmail }) } };
}

async function subjectOf(run: Run, people: People | undefined): Promise<PreviewSubject> {
  const { person, findings } = await identify(run, people);
  if (person === undefined) {
    const message = 'the run does not name one and the same person with one e-mail address';
    throw new ServiceError('trelica.person-unknown', message);
  }
  return { runId: run.runId, person, findings };
}

function introduce({ runId, person: { email, name, managerEmail } }: PreviewSubject) {
  return {
    ...(runId === undefined ? {} : { runId }),
    person: { email, name },
    ...(managerEmail === undefined ? {} : { manager: managerEmail }),
  };
}
