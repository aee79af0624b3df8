import { ALL_OPERATIONS, SCRIPT_OPERATIONS } from '../test/support/all-operations.ts';
import { barFor, type Calls, countOurs, countScript } from '../test/support/count-calls.ts';

const GROUPS = [100, 1_000, 5_000];

/**
 * Prints the Exchange calls for the leaver of the demo, counted by the simulated tenant: ours, with the first
 * reading and the verification, and those of the vendor's script, replayed on the same tenant.
 */
export async function benchCalls(): Promise<void> {
  const rows: Record<string, object> = {};
  for (const groups of GROUPS) {
    const script = countScript(groups);
    rows[`${groups} groups, the script`] = { ...script, calls: script.reads + script.writes };
    rows[`${groups} groups, ours, the same work`] = row(await countOurs(groups, SCRIPT_OPERATIONS));
    rows[`${groups} groups, ours, every operation`] = row(await countOurs(groups, ALL_OPERATIONS));
  }
  console.log('\nExchange calls for the leaver of the demo, verification included');
  console.table(rows);
}

function row(ours: Calls): object {
  const { reads, writes, changes } = ours;
  return { reads, writes, calls: reads + writes, changes, 'bar (12 + 2 × changes)': barFor(ours) };
}
