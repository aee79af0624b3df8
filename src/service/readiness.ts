import type { CertificateStatus } from '../certificate/keeper.ts';
import { dayOf, EXPIRES_SOON_DAYS } from '../certificate/validity.ts';
import { codeOf, ServiceError } from '../errors.ts';
import type { PartReadiness } from '../http/health.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Directory } from '../offboarding/directory.ts';

export interface SessionsStatus {
  /** Why no session can be had now, as a sentence; undefined if one can. */
  readonly status: { readonly obstacle: string | undefined };
}

export interface ReadinessParts {
  readonly store: Pick<JobStore, 'check' | 'paused'>;
  readonly sessions: SessionsStatus;
  readonly directory: Pick<Directory<unknown>, 'check'>;
  /** Undefined unless the sign-in is by certificate. */
  readonly certificate: { readonly status: CertificateStatus } | undefined;
  /** Trelica's outage, while there is one: the directory may still know what it needs. */
  readonly outage: () => ServiceError | undefined;
  /** Asks Trelica, without waiting for it, where nothing else has lately. */
  readonly lookAfter: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A failed look-up is not repeated for every probe. */
const FAILURE_KEPT_MS = 5_000;

/** What must work for a leaver to be got done: queue, PowerShell session, Trelica with the workflows. */
export function createReadiness(parts: ReadinessParts): () => Promise<readonly PartReadiness[]> {
  const trelica = keepFailures(() => check('trelica', () => look(parts)), parts.now);
  return async () => {
    const { obstacle } = parts.sessions.status;
    return Promise.all([
      queue(parts.store),
      obstacle === undefined
        ? { name: 'exchange', ready: true }
        : { name: 'exchange', ready: false, reason: obstacle },
      trelica(),
      ...(parts.certificate === undefined ? [] : [ofCertificate(parts.certificate.status)]),
    ]);
  };
}

/** One that expires soon, or waits in vain to take its place, keeps nothing from working yet. */
function ofCertificate({ facts, daysLeft, obstacle, refused }: CertificateStatus): PartReadiness {
  const name = 'certificate';
  if (obstacle !== undefined) {
    return { name, ready: false, reason: obstacle };
  }
  const soon =
    facts && daysLeft !== undefined && daysLeft <= EXPIRES_SOON_DAYS
      ? `expires on ${dayOf(facts.notAfter)}, in ${daysLeft} days`
      : undefined;
  const other = refused && `another certificate is not taken: ${refused}`;
  const reason = [soon, other].filter((part) => part !== undefined).join('; ');
  return { name, ready: true, ...(reason === '' ? {} : { reason }) };
}

/** A pause is told, but it is no fault: who is not ready gets no webhooks, and these are still to be accepted. */
async function queue(store: ReadinessParts['store']): Promise<PartReadiness> {
  const found = await check('queue', async () => {
    await store.check();
    return [];
  });
  const pause = found.ready ? await store.paused() : undefined;
  // Not why: anybody may ask whether we are ready.
  return pause === undefined
    ? found
    : { ...found, reason: `paused since ${new Date(pause.since).toISOString()}` };
}

/** `attempt` gives sentences about what a person should correct though the part is ready. */
async function check(
  name: string,
  attempt: () => Promise<readonly string[]>,
): Promise<PartReadiness> {
  try {
    const faults = await attempt();
    return { name, ready: true, ...(faults.length === 0 ? {} : { reason: faults.join('; ') }) };
  } catch (error) {
    // Only our own sentences: anything else may name paths or hosts.
    const message = error instanceof ServiceError ? error.message : 'see the log';
    return { name, ready: false, reason: `${codeOf(error)}: ${message}` };
  }
}

async function look({ outage, lookAfter, directory }: ReadinessParts): Promise<readonly string[]> {
  lookAfter();
  const fault = outage();
  if (fault !== undefined) {
    throw fault;
  }
  return directory.check();
}

function keepFailures(look: () => Promise<PartReadiness>, now: () => number) {
  let kept: { readonly answer: Promise<PartReadiness>; readonly until: number } | undefined;
  return async (): Promise<PartReadiness> => {
    if (kept === undefined || kept.until <= now()) {
      kept = { answer: look(), until: now() + FAILURE_KEPT_MS };
    }
    const answer = await kept.answer;
    if (answer.ready && answer.reason === undefined) {
      kept = undefined;
    }
    return answer;
  };
}
