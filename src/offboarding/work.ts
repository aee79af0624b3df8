import type { Attempt } from './attempt.ts';
import { type Brakes, heldBy, limitsOf, protectionOf, refusalOf } from './brakes.ts';
import type { Reason } from './conclusion.ts';
import { type ConvergeParts, converge, stoppedBy } from './converge.ts';
import { judgeFindings, stopOf } from './findings.ts';
import { addressesOf, type Gathering, gather } from './participants.ts';
import type { Person } from './ports.ts';
import { shownFinding } from './report.ts';
import type { Verdict } from './verdict.ts';

export interface WorkParts extends ConvergeParts {
  readonly brakes: Brakes;
  readonly pass: Attempt['pass'];
}

/** Nothing was done: a person must approve first. */
export interface Held {
  readonly kind: 'held';
  readonly reason: Reason;
}

/**
 * Does what the policy asks for, as far as there is a mailbox to do it to and the brakes let it pass. Throws
 * what `converge` throws.
 */
export async function work(person: Person, parts: WorkParts): Promise<Verdict | Held> {
  const { brakes, exchange, journal, operations } = parts;
  const gathering = await gather(exchange, person, operations);
  const protection = protectionOf(addressesOf(person, gathering), brakes);
  if (protection !== undefined) {
    await journal.note({ findings: [protection] });
    return refusalOf(protection);
  }
  if (gathering.kind === 'nobody') {
    return withoutMailbox(gathering, parts);
  }
  const passage = await parts.pass(limitsOf(brakes));
  return passage.kind === 'over'
    ? { kind: 'held', reason: heldBy(passage.limit) }
    : converge(gathering.participants, parts);
}

async function withoutMailbox(
  { finding }: Extract<Gathering, { kind: 'nobody' }>,
  { journal, findings: policy, known = [] }: WorkParts,
): Promise<Verdict> {
  const findings = judgeFindings([...known, finding], policy);
  await journal.note({ findings: findings.map(shownFinding) });
  const stop = stopOf(findings);
  return stop === undefined ? { kind: 'continue' } : stoppedBy(stop);
}
