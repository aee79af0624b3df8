import { archive } from './archive.ts';
import { autoReply } from './auto-reply.ts';
import { cancelMeetings } from './cancel-meetings.ts';
import { clientProtocols } from './client-protocols.ts';
import { convertToShared } from './convert-to-shared.ts';
import { delegateAccess } from './delegate-access.ts';
import { forwarding } from './forwarding.ts';
import { handOverGroups } from './hand-over-groups.ts';
import { hideFromAddressLists } from './hide-from-address-lists.ts';
import { inboxRules } from './inbox-rules.ts';
import { leaveGroups } from './leave-groups.ts';
import { litigationHold } from './litigation-hold.ts';
import { mobileDevices } from './mobile-devices.ts';
import type { OperationKind } from './operation.ts';
import { rightsElsewhere } from './rights-elsewhere.ts';
import { sentCopies } from './sent-copies.ts';

/**
 * Every operation there is, in the order they run in. First what stops leaks and needs a user's mailbox
 * (rules, devices, meetings), then who takes over (replies, forwarding, rights, groups), then what
 * closes it (protocols, holds, conversion), and last what hides it: rights cannot be given to a hidden
 * one. An undo goes the other way. A new operation is one file and one line here.
 */
export const OPERATIONS = [
  inboxRules,
  mobileDevices,
  cancelMeetings,
  autoReply,
  forwarding,
  delegateAccess,
  rightsElsewhere,
  sentCopies,
  handOverGroups,
  leaveGroups,
  clientProtocols,
  archive,
  litigationHold,
  convertToShared,
  hideFromAddressLists,
] as const satisfies readonly OperationKind[];

/** The operation with this name, if there is one: a stored report may name one that is gone. */
export function kindOf(name: string): OperationKind | undefined {
  const kinds: readonly OperationKind[] = OPERATIONS;
  return kinds.find((kind) => kind.name === name);
}
