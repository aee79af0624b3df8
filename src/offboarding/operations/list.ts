import { convertToShared } from './convert-to-shared.ts';
import { delegateAccess } from './delegate-access.ts';
import { leaveGroups } from './leave-groups.ts';
import type { OperationKind } from './operation.ts';

/**
 * Every operation there is, in the order they run in: rights and memberships while the mailbox is
 * still a user's, then the conversion. A new operation is one file and one line here.
 */
export const OPERATIONS = [
  delegateAccess,
  leaveGroups,
  convertToShared,
] as const satisfies readonly OperationKind[];
