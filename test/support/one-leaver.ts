import { pino } from 'pino';
import { codeOf } from '../../src/errors.ts';
import { brakeSettings } from '../../src/offboarding/brakes.ts';
import { Journal } from '../../src/offboarding/journal.ts';
import { operationsOf, workflowPolicy } from '../../src/offboarding/policy.ts';
import { EMPTY_REPORT, type Report, readReport } from '../../src/offboarding/report.ts';
import { undo } from '../../src/offboarding/undo.ts';
import { work } from '../../src/offboarding/work.ts';
import type { Tenant } from '../../src/sandbox/tenant/tenant.ts';
import { address } from '../offboarding/small-tenant.ts';
import { OPEN_BRAKES } from './open-brakes.ts';
import { exchangeOn } from './tenant-exchange.ts';

export const LEE = "lee.o'neil-astrom@example.org";
export const MAX = 'max.muster@example.org';

export interface Leaving {
  readonly email?: string;
  /** Null: the run names none. */
  readonly manager?: string | null;
  /** What earlier attempts left. */
  readonly report?: Report;
  readonly findings?: object;
  readonly brakes?: object;
  /** The process dies at this save, before or after the report is on disk. */
  readonly killed?: { readonly save: number; readonly isWritten: boolean };
}

export interface Left {
  /** `continue`, or the code of what keeps the step from being signalled. */
  readonly ending: string;
  /** As it would come back from the store. */
  readonly report: Report;
}

const HOUR_MS = 3_600_000;
const log = pino({ level: 'silent' });

/** One attempt at one leaver on a simulated tenant: everything but Trelica and the session. */
export async function offboardOn(
  tenant: Tenant,
  operations: object,
  {
    email = LEE,
    manager = MAX,
    report: earlier = EMPTY_REPORT,
    findings = {},
    brakes = {},
    killed,
  }: Leaving = {},
): Promise<Left> {
  const policy = workflowPolicy.parse({ workflow: 'Person leaves', operations, findings });
  const configured = operationsOf(policy);
  const exchange = exchangeOn(tenant);
  const person = {
    email: address(email),
    name: 'Lee',
    managerEmail: manager === null ? undefined : address(manager),
  };
  let report: Report = { ...earlier, person: { email, name: person.name } };
  let saves = 0;
  const journal = new Journal(report, {
    save: async (saved) => {
      saves += 1;
      const left = killed === undefined ? 1 : killed.save - saves;
      report = left > 0 || (left === 0 && killed?.isWritten) ? saved : report;
      // Also for whoever catches it: nothing is written any more.
      if (left <= 0) {
        throw new Killed();
      }
    },
    now: () => 0,
    calls: () => exchange.calls,
  });
  try {
    const verdict = await work(person, {
      ...OPEN_BRAKES,
      brakes: brakeSettings.parse(brakes),
      exchange,
      operations: configured,
      findings: policy.findings,
      journal,
      log,
      signal: new AbortController().signal,
      pause: async () => undefined,
    });
    const ending = verdict.kind === 'fail' ? verdict.code : verdict.kind;
    return { ending, report: stored(report) };
  } catch (error) {
    const ending = error instanceof Killed ? 'killed' : codeOf(error);
    return { ending, report: stored(report) };
  }
}

class Killed extends Error {}

/** Takes back what the job with this report did, an hour later. */
export async function undoOn(
  tenant: Tenant,
  original: Report,
  { brakes = {} }: Pick<Leaving, 'brakes'> = {},
): Promise<Left> {
  let report = EMPTY_REPORT;
  try {
    const conclusion = await undo(
      {
        report,
        signal: new AbortController().signal,
        save: async (saved) => {
          report = saved;
        },
      },
      original,
      {
        brakes: brakeSettings.parse(brakes),
        exchange: exchangeOn(tenant),
        log,
        now: () => HOUR_MS,
        pause: async () => undefined,
      },
    );
    return { ending: conclusion.kind, report: stored(report) };
  } catch (error) {
    return { ending: codeOf(error), report: stored(report) };
  }
}

function stored(report: Report): Report {
  return readReport(JSON.parse(JSON.stringify(report)));
}
