import { type ConvergeParts, converge, stoppedBy } from './converge.ts';
import { judgeFindings, stopOf } from './findings.ts';
import { gather } from './participants.ts';
import type { Person } from './ports.ts';
import { shownFinding } from './report.ts';
import type { Verdict } from './verdict.ts';

/** Does what the policy asks for, as far as there is a mailbox to do it to. Throws what `converge` throws. */
export async function work(person: Person, parts: ConvergeParts): Promise<Verdict> {
  const { exchange, journal, operations, findings: policy, known = [] } = parts;
  const gathering = await gather(exchange, person, operations);
  if (gathering.kind === 'gathered') {
    return converge(gathering.participants, parts);
  }
  const findings = judgeFindings([...known, gathering.finding], policy);
  await journal.note({ findings: findings.map(shownFinding) });
  const stop = stopOf(findings);
  return stop === undefined ? { kind: 'continue' } : stoppedBy(stop);
}
