import { z } from 'zod';
import { type Call, call, listChange } from '../../cmdlets/call.ts';
import type { Identity } from '../../cmdlets/identity.ts';
import { opathText } from '../../cmdlets/opath.ts';
import { addressSetting } from '../address.ts';
import { guidCell, parseCells, textsCell } from '../cells.ts';
import {
  absence,
  addressesOf,
  delegateOf,
  delegateSetting,
  LOSSES,
  lossOf,
  NOT_ELIGIBLE,
  nameOf,
  presentOf,
} from '../delegates.ts';
import type { Finding } from '../findings.ts';
import {
  GROUP_PROPERTIES,
  type Group,
  groupImage,
  groupSeen,
  parseGroup,
  reasonToLeaveAlone,
  touched,
} from '../groups.ts';
import type { Cells, Recipient } from '../ports.ts';
import { section } from '../section.ts';
import type { Subject } from '../subject.ts';
import type { Change, Operation, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'hand-over-groups';

const settings = section({
  /** Who owns the groups from now on: `manager`, or an address. */
  to: delegateSetting.default('manager'),
  /** Mail-enabled security groups may also give access to things: a choice of its own. */
  securityGroups: z.boolean().default(false),
  /** Whether a group with other owners gets the successor too, or is left to them. */
  withOtherOwners: z.enum(['hand-over', 'leave-to-them']).default('hand-over'),
});
type Settings = z.infer<typeof settings>;

const seen = z.object({
  successor: z.object({ guid: guidCell, address: addressSetting }).optional(),
  groups: z.array(groupSeen.extend({ isSuccessors: z.boolean() })),
});
type Seen = z.infer<typeof seen>;

/**
 * Makes somebody else the owner of the person's distribution lists. One query on the owner's distinguished
 * name finds them all; successor and leaver change places in one call, so that no group is without owner.
 */
export const handOverGroups: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [...LOSSES, NOT_ELIGIBLE],
  roles: [
    { role: 'Distribution Groups', because: 'to change the owners of lists' },
    {
      role: 'Security Group Creation and Membership',
      because: 'to change lists that the app does not manage',
    },
  ],
  seen,
  configure: (chosen) => ({
    name: NAME,
    addresses: addressesOf([chosen.to]),
    reads: ({ mailbox }) => [readOwned(mailbox)],
    readsNext: (subject, [leavers = []]) => {
      const successor = successorIn(chosen, subject);
      return successor !== undefined && leavers.some((row) => mayGo(parseGroup(row), chosen))
        ? [readOwned(successor)]
        : [];
    },
    plan: (subject, answers) => planFor(chosen, subject, answers),
  }),
  restore,
  describe: ({ groups }) => groups.map(({ label, type }) => `Owner of ${label}, ${type}`),
};

/** https://learn.microsoft.com/powershell/exchange/filter-properties#managedby */
const MAY_OWN = ['UserMailbox', 'SharedMailbox', 'MailUser', 'MailUniversalSecurityGroup'];

/** Whoever is to own the groups, if there is such a one. */
function successorIn({ to }: Settings, subject: Subject): Recipient | undefined {
  const named = delegateOf(to, subject);
  return named.kind === 'found' && MAY_OWN.includes(named.recipient.type)
    ? named.recipient
    : undefined;
}

function nobody({ to }: Settings, subject: Subject): Finding {
  const named = delegateOf(to, subject);
  if (named.kind !== 'found') {
    return absence(named, 'groups stay with the leaver');
  }
  const { recipient } = named;
  const sentence = `${nameOf(recipient)} is a ${recipient.type} and cannot own groups; they stay with the leaver.`;
  return { kind: NOT_ELIGIBLE, sentence };
}

/**
 * The groups of the leaver, or those of the successor, if any is to be handed over: owners are shown by name,
 * and names repeat.
 */
function readOwned({ distinguishedName }: Pick<Recipient, 'distinguishedName'>): Call {
  return call(
    'Get-Recipient',
    { Filter: `ManagedBy -eq ${opathText(distinguishedName)}`, ResultSize: 'Unlimited' },
    [...GROUP_PROPERTIES, 'ManagedBy'],
  );
}

interface OwnedGroup extends Group {
  readonly hasOtherOwners: boolean;
  readonly isSuccessors: boolean;
}

const ownersRow = z.object({ ManagedBy: textsCell });

function groupsIn([leavers = [], successors = []]: readonly (readonly Cells[])[]): OwnedGroup[] {
  const theirs = guidsIn(successors);
  return leavers.map((row) => {
    const group = parseGroup(row);
    return {
      ...group,
      hasOtherOwners: parseCells(ownersRow, row, 'the owners of a group').ManagedBy.length > 1,
      isSuccessors: theirs.has(group.guid.toLowerCase()),
    };
  });
}

function guidsIn(rows: readonly Cells[]): ReadonlySet<string> {
  return new Set(rows.map((row) => parseGroup(row).guid.toLowerCase()));
}

function planFor(
  chosen: Settings,
  subject: Subject,
  answers: readonly (readonly Cells[])[],
): OperationPlan<Seen> {
  const groups = groupsIn(answers);
  const successor = successorIn(chosen, subject);
  const decided = groups.map((group) => ({ group, fate: fateOf(group, chosen, successor) }));
  const isStuck = decided.some(({ fate }) => fate.kind === 'kept' && fate.forLackOfSuccessor);
  return {
    changes: decided.flatMap(({ group, fate }) =>
      fate.kind === 'kept' ? [] : [handOver(subject, group, fate)],
    ),
    findings: isStuck ? [nobody(chosen, subject)] : [],
    skipped: decided.flatMap(({ group, fate }) =>
      fate.kind === 'kept' ? [{ operation: NAME, what: group.label, reason: fate.reason }] : [],
    ),
    seen: imageOf(groups, successor),
  };
}

function mayGo(group: Group, chosen: Settings): boolean {
  return reasonToLeaveAlone(group, chosen, LEFT_ALONE) === undefined;
}

/** What becomes of a group. */
type Fate =
  | { readonly kind: 'kept'; readonly reason: string; readonly forLackOfSuccessor?: true }
  | { readonly kind: 'handed-over'; readonly to: Recipient; readonly isTheirsAlready: boolean }
  | { readonly kind: 'left-to-others' };

function fateOf(group: OwnedGroup, chosen: Settings, successor: Recipient | undefined): Fate {
  const reason = reasonToLeaveAlone(group, chosen, LEFT_ALONE);
  if (reason !== undefined) {
    return { kind: 'kept', reason };
  }
  if (group.hasOtherOwners && chosen.withOtherOwners === 'leave-to-them') {
    return { kind: 'left-to-others' };
  }
  if (successor !== undefined) {
    return { kind: 'handed-over', to: successor, isTheirsAlready: group.isSuccessors };
  }
  const alone = group.hasOtherOwners ? '' : ', and the leaver is its only owner';
  return {
    kind: 'kept',
    reason: `nobody is there to take it over${alone}`,
    forLackOfSuccessor: true,
  };
}

const LEFT_ALONE = {
  synchronised: 'change its owner there',
  dynamic: 'a dynamic group: change its owner by hand',
  role: 'change its owner by hand',
};

function imageOf(groups: readonly OwnedGroup[], successor: Recipient | undefined): Seen {
  return {
    ...(successor === undefined
      ? {}
      : { successor: { guid: successor.guid, address: successor.address } }),
    groups: groups.map((group) => ({ ...groupImage(group), isSuccessors: group.isSuccessors })),
  };
}

function handOver(
  { mailbox }: Subject,
  group: Group,
  fate: Exclude<Fate, { kind: 'kept' }>,
): Change {
  const isGiven = fate.kind === 'handed-over';
  const add = isGiven && !fate.isTheirsAlready ? [fate.to.guid] : [];
  const sentence = isGiven
    ? `Hand ${group.label} over to ${nameOf(fate.to)}`
    : `Leave ${group.label} to its other owners`;
  return change(group, sentence, { add, remove: [mailbox.guid] });
}

function change(
  group: Pick<Group, 'guid' | 'label' | 'addresses'>,
  sentence: string,
  owners: { readonly add: readonly Identity[]; readonly remove: readonly Identity[] },
): Change {
  return {
    id: `${NAME}:${group.guid}`,
    operation: NAME,
    sentence,
    call: call('Set-DistributionGroup', {
      Identity: group.guid,
      ManagedBy: listChange(owners),
      BypassSecurityGroupManagerCheck: true,
      Confirm: false,
    }),
    required: true,
    elsewhere: touched(group),
    // Not every answer says that a group is synchronised; the refusal does.
    tolerates: ['exchange.synchronised'],
  };
}

/** Gives the groups back, and takes them from the successor where they were not theirs before. */
function restore(before: Seen): Operation<Seen> {
  const { successor } = before;
  const presentSuccessor = (subject: Subject) => successor && presentOf(successor, subject);
  return {
    name: NAME,
    addresses: successor === undefined ? [] : [successor.address],
    reads: (subject) => [subject.mailbox, presentSuccessor(subject) ?? []].flat().map(readOwned),
    plan: (subject, answers) => {
      const [leavers = [], successors = []] = answers;
      const isOwned = guidsIn(leavers);
      const theirs = guidsIn(successors);
      const now = presentSuccessor(subject);
      const loss = successor && lossOf(successor, subject, 'they stay an owner of the groups');
      const takenFrom = ({ guid, isSuccessors }: Seen['groups'][number]) =>
        now !== undefined && !isSuccessors && theirs.has(guid.toLowerCase()) ? [now.guid] : [];
      return {
        changes: before.groups
          .filter(({ guid }) => !isOwned.has(guid.toLowerCase()))
          .map((group) =>
            change(group, `Give ${group.label} back`, {
              add: [subject.mailbox.guid],
              remove: takenFrom(group),
            }),
          ),
        findings: loss === undefined ? [] : [loss],
        skipped: [],
        seen: imageOf(groupsIn(answers), now),
      };
    },
  };
}
