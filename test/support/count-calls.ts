import type { CallRecord } from '../../src/sandbox/tenant/tenant.ts';
import { LEE, MAX, offboardOn } from './one-leaver.ts';
import { openTenant } from './tenant-exchange.ts';
import { replayScript } from './vendor-script.ts';

export interface Calls {
  readonly reads: number;
  readonly writes: number;
  /** Memberships and whatever else had to be changed; each takes one write. */
  readonly changes: number;
}

/** What one leaver takes in a tenant of so many groups, verification included. Throws unless it was all done. */
export async function countOurs(groups: number, operations: object, email = LEE): Promise<Calls> {
  const tenant = openTenant({ people: 200, groups });
  const { ending, report } = await offboardOn(tenant, operations, { email });
  if (ending !== 'continue') {
    throw new Error(`the leaver is not done: ${ending}`);
  }
  return { ...countIn(tenant.calls.log), changes: report.changes.length };
}

/** What the vendor's script takes for its part of it. */
export function countScript(groups: number): Omit<Calls, 'changes'> {
  const tenant = openTenant({ people: 200, groups });
  replayScript(tenant, LEE, MAX);
  return countIn(tenant.calls.log);
}

/** At most 12 reads, and a write and a read for each change. */
export function barFor({ changes }: Pick<Calls, 'changes'>): number {
  return 12 + 2 * changes;
}

function countIn(log: readonly CallRecord[]): Omit<Calls, 'changes'> {
  const reads = log.filter(isRead).length;
  return { reads, writes: log.length - reads };
}

function isRead({ cmdlet, parameters }: CallRecord): boolean {
  return cmdlet.startsWith('Get-') || parameters['PreviewOnly'] === true;
}
