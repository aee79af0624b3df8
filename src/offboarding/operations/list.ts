import type { OperationKind } from './operation.ts';

/**
 * Every operation there is, in the order that avoids traps: rights before conversion, hiding last
 * (docs/operations.md). A new operation is one file and one line here.
 */
export const OPERATIONS = [] as const satisfies readonly OperationKind[];
